#!lua
-- Lets a build go on from another log. KEYS: the checkpoint. ARGV: the log it was folded from, the other.
local found = redis.call('HGET', KEYS[1], 'log')
if found ~= ARGV[1] and found ~= ARGV[2] then
  return 0
end
redis.call('HSET', KEYS[1], 'log', ARGV[2])
return 1
