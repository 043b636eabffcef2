import { workerData } from 'node:worker_threads'

// A thread that ends its process as soon as this takes more memory than it may.

const mostBytes = workerData as number
setInterval(() => {
  if (process.memoryUsage.rss() > mostBytes) process.kill(process.pid, 'SIGKILL')
}, 5)
