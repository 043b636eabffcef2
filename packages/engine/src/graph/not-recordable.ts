/** Why a call cannot be recorded as a graph. */
export class NotRecordable extends Error {}
