#!lua
-- The begin of a commit: notes how many errors Redis has answered so far, for its end to see whether there are more.
--
-- KEYS: the checkpoint, one that never exists: by that the transaction is refused where its slot is on its way.
redis.call('HSET', KEYS[1], 'errors', string.match(redis.call('INFO', 'stats'), 'total_error_replies:(%d+)'))
