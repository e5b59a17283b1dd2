#!lua
-- Rows that were changed since they were copied, and how far the build has come, all of one moment; nothing where somebody else copies.
-- Before, those leave the journal that were taken the last time, and have not been changed since.
--
-- KEYS: the checkpoint, the journal, one that is absent. ARGV: who copies, what the keys of the build start with, how many rows at most, the
-- last commit when those were taken that follow.
if redis.call('HGET', KEYS[1], 'copying') ~= ARGV[1] then
  return false
end
local taken_at = tonumber(ARGV[4])
for at = 5, #ARGV do
  local changed = redis.call('ZSCORE', KEYS[2], ARGV[at])
  if changed and tonumber(changed) <= taken_at then
    redis.call('ZREM', KEYS[2], ARGV[at])
  end
end
local names, rows = redis.call('ZRANGE', KEYS[2], 0, tonumber(ARGV[3]) - 1), {}
for i, name in ipairs(names) do
  rows[i] = redis.call('GET', ARGV[2] .. name)
end
return {names, rows, redis.call('HMGET', KEYS[1], 'commits', 'position', 'hash', 'time', 'fence', 'torn')}
