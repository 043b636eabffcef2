/** An input that takes longer, in milliseconds of the processor, is a hang: so a busy machine makes none. */
export const longestRead = 1000

/** An input for which more is allocated beyond its own size, in bytes, is one over memory. */
export const mostMemory = 2 ** 28

/** The longest message that a person is spared: of more, a log or a terminal would be flooded. */
export const longestMessage = 2000
