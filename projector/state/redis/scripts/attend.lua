#!lua
-- Says that an owner is still there, unless a newer one is. KEYS: the owner. ARGV: who, for how many milliseconds.
local found = redis.call('GET', KEYS[1])
if not found or found == ARGV[1] then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
end
return 1
