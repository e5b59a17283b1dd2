#!lua flags=no-writes
-- One step through the keys of a server that has all of our slot. KEYS: one that is absent. ARGV: cursor, pattern, how many keys to look at.
return redis.call('SCAN', ARGV[1], 'MATCH', ARGV[2], 'COUNT', ARGV[3])
