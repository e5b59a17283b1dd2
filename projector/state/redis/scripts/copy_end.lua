#!lua
-- Ends the journal. KEYS: the checkpoint, the journal, one that is absent. ARGV: who copies.
if redis.call('HGET', KEYS[1], 'copying') == ARGV[1] then
  redis.call('HDEL', KEYS[1], 'copying')
  redis.call('UNLINK', KEYS[2])
end
return 1
