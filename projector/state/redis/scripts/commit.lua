#!lua
-- The end of a commit: what can fail, and the checkpoint. It runs in a transaction with the strings of the commit, which cannot fail. The
-- record of the build was looked at before, and has not changed since, or the transaction would not run.
--
-- KEYS: the checkpoint, then the key of each write, then one that is absent.
-- ARGV: the new checkpoint: commits, position, hash, time; then for each write: its command, how many arguments, the arguments.
local key, at = 2, 5
while at <= #ARGV do
  local arguments = tonumber(ARGV[at + 1])
  local answer = redis.pcall(ARGV[at], KEYS[key], unpack(ARGV, at + 2, at + 1 + arguments))
  if type(answer) == 'table' and answer.err then
    -- Redis takes nothing back: what was written stays, and nobody may go on from there.
    redis.call('HSET', KEYS[1], 'torn', answer.err)
    return answer.err
  end
  key, at = key + 1, at + 2 + arguments
end
redis.call('HSET', KEYS[1], 'commits', ARGV[1], 'position', ARGV[2], 'hash', ARGV[3], 'time', ARGV[4])
return false
