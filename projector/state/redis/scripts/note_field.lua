#!lua
-- Notes something about a projection, if it is there. KEYS: its record. ARGV: the field, and its value; none removes it.
if redis.call('EXISTS', KEYS[1]) == 0 then
  return 0
end
if ARGV[2] then
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
else
  redis.call('HDEL', KEYS[1], ARGV[1])
end
return 1
