#!lua
-- One commit: everything or nothing. Redis runs a script alone, and with this first line refuses it before its first
-- write where memory is short.
--
-- KEYS: the checkpoint, the projection's record, then the keys that are written, in the order of the writes.
-- ARGV: fence, writer, the number of the commit before, and of the new checkpoint: commits, position, hash, time;
--       then for each write: its command, how many keys, how many arguments, the arguments.
local found = redis.call('HMGET', KEYS[1], 'fence', 'writer', 'commits', 'position', 'hash', 'time', 'torn')
if not found[1] then
  -- A build that was dropped leaves the projection behind.
  return {redis.call('EXISTS', KEYS[2]) == 1 and 'dropped' or 'lost'}
end

if found[7] then
  return {'torn', found[7]}
end

local fence, ours = tonumber(found[1]), tonumber(ARGV[1])
if fence > ours or (fence == ours and found[2] ~= ARGV[2]) then
  return {'fenced', found[1]}
end
local is_ours = fence == ours
if is_ours and found[3] == ARGV[4] and found[4] == ARGV[5] and found[5] == ARGV[6] and found[6] == ARGV[7] then
  return {'repeated'}
end
-- A fence below ours: Redis has lost our claim, and with it whatever came after.
if not is_ours or found[3] ~= ARGV[3] then
  return {'stale', found[3], found[4], found[5], found[6]}
end

local failure
local function write(...)
  local answer = redis.pcall(...)
  failure = type(answer) == 'table' and answer.err
end

local key, at = 3, 8
while at <= #ARGV and not failure do
  local command, keys, arguments = ARGV[at], tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  at = at + 3
  if command == 'MSET' then
    local pairs = {}
    for i = 0, keys - 1 do
      pairs[2 * i + 1] = KEYS[key + i]
      pairs[2 * i + 2] = ARGV[at + i]
    end
    write('MSET', unpack(pairs))
  elseif arguments == 0 then
    write(command, unpack(KEYS, key, key + keys - 1))
  else
    write(command, KEYS[key], unpack(ARGV, at, at + arguments - 1))
  end
  key, at = key + keys, at + arguments
end
if failure then
  -- Redis takes nothing back: what was written stays, and nobody may go on from there.
  redis.call('HSET', KEYS[1], 'torn', failure)
  return {'torn', failure}
end
redis.call('HSET', KEYS[1], 'commits', ARGV[4], 'position', ARGV[5], 'hash', ARGV[6], 'time', ARGV[7])
return {'done'}
