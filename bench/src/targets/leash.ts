/**
 * Loaded before a process of ours: when the channel to the one who started it closes, it stops as if told to. So nothing
 * outlives a benchmark, however that ends. Asked through the channel, it says how much of the processor it has used.
 */
process.on('disconnect', () => process.emit('SIGTERM'));
process.on('message', () => process.send?.(process.cpuUsage()));
// The listeners would keep the process alive by themselves.
process.channel?.unref();
