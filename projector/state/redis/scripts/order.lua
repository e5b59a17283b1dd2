#!lua
-- Gives orders to the owner of a build, if there is such a build. KEYS: the checkpoint, the orders. ARGV: names and orders, in turn.
if redis.call('EXISTS', KEYS[1]) == 0 then
  return 0
end
for at = 1, #ARGV, 2 do
  redis.call('HSET', KEYS[2], ARGV[at], ARGV[at + 1])
end
return 1
