#!lua
-- Lets a projection pause or go on, if it is there. KEYS: its record. ARGV: the pause; nothing ends it.
if redis.call('EXISTS', KEYS[1]) == 0 then
  return 0
end
if ARGV[1] then
  redis.call('HSET', KEYS[1], 'pause', ARGV[1])
else
  redis.call('HDEL', KEYS[1], 'pause')
end
return 1
