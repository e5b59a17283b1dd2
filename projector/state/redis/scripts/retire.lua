#!lua
-- Before a build is dropped: its owner, if there is one, can write no more. Nothing happens to the live one.
--
-- KEYS: the projection's record, the checkpoint. ARGV: the generation.
if redis.call('HGET', KEYS[1], 'live') == ARGV[1] then
  return 0
end
if redis.call('EXISTS', KEYS[2]) == 1 then
  redis.call('HINCRBY', KEYS[2], 'fence', 1)
  redis.call('HSET', KEYS[2], 'writer', '')
end
return 1
