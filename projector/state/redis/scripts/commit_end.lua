#!lua
-- The end of a commit: the checkpoint, unless Redis has refused one of its writes. The commit is one transaction, so that nobody else has
-- caused an error since its begin.
--
-- KEYS: the checkpoint. ARGV: the new checkpoint: commits, position, hash, time.
local errors = string.match(redis.call('INFO', 'stats'), 'total_error_replies:(%d+)')
if redis.call('HGET', KEYS[1], 'errors') ~= errors then
  -- Redis takes nothing back: what was written stays, and nobody may go on from there.
  redis.call('HSET', KEYS[1], 'torn', 'one of its writes was refused')
  return 0
end
redis.call('HDEL', KEYS[1], 'errors')
redis.call('HSET', KEYS[1], 'commits', ARGV[1], 'position', ARGV[2], 'hash', ARGV[3], 'time', ARGV[4])
return 1
