#!lua
-- Notes how a projection stands, unless it has another owner. A record that is lost stays so: with nothing but a note in it, it would make
-- a build that is lost look like one that was dropped. KEYS: the projection's record, its owner. ARGV: who, then fields and their values.
local owner = redis.call('GET', KEYS[2])
if redis.call('EXISTS', KEYS[1]) == 1 and (not owner or owner == ARGV[1]) then
  redis.call('HSET', KEYS[1], unpack(ARGV, 2))
end
return 1
