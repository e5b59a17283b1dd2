#!lua
-- From here on commits enter the rows that they change into the journal; answers the fence and the number of the last commit.
--
-- KEYS: the checkpoint, the journal, one that is absent. ARGV: who copies.
if redis.call('EXISTS', KEYS[1]) == 0 then
  return false
end
redis.call('DEL', KEYS[2])
redis.call('HSET', KEYS[1], 'copying', ARGV[1])
return redis.call('HMGET', KEYS[1], 'fence', 'commits')
