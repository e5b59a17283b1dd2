#!lua
-- Notes how a projection stands. A record that is lost stays so: with nothing but a note in it, it would make a build that is lost
-- look like one that was dropped. KEYS: the projection's record. ARGV: fields and their values.
if redis.call('EXISTS', KEYS[1]) == 1 then
  redis.call('HSET', KEYS[1], unpack(ARGV))
end
return 1
