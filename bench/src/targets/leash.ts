/**
 * Loaded before a process of ours: when the channel to the one who started it closes, it stops as if told to. So nothing
 * outlives a benchmark, however that ends.
 */
process.on('disconnect', () => process.emit('SIGTERM'));
// The listener would keep the process alive by itself.
process.channel?.unref();
