import { workerData } from 'node:worker_threads'

// A thread that ends its process as soon as this takes more memory than it may, or nobody is left to hear its
// answer.

const { mostBytes, parent } = workerData as { mostBytes: number; parent: number }
setInterval(() => {
  if (process.memoryUsage.rss() > mostBytes || process.ppid !== parent) process.kill(process.pid, 'SIGKILL')
}, 5)
