/** The waiting room in Redis: what `room.ts` says, in Lua. Whoever changes one changes the other; a property compares them. */
import { hash } from 'node:crypto';
import type { Redis } from 'ioredis';
import {
  ADMISSION_MS,
  type Answer,
  MAX_WAITING,
  type Operation,
  patience,
  pollAfter,
  RETURN_MS,
  type Remembered,
  type RoomRules,
  SPAN_MS,
  STATES,
  STEP,
  type Summary,
  TRIED_MS,
} from './room-rules.ts';

/** A room that nobody asked for in this time is forgotten; tokens are over by then. */
const LIFE_MS = 3_600_000;
const FIELDS = [
  ...['began', 'on', 'last', 'served', 'paused', 'since', 'span', 'cur', 'prev', 'second', 'inSecond'],
] as const;

// The numbers of the rules, as far as they are not handed over with each call. `patience` and `pollAfter` are linear between bounds.
const [POLL_0, POLL_1, POLL_MOST, PATIENCE_LEAST] = [pollAfter(0), pollAfter(1), pollAfter(1e9), patience(0)];

const PREPARE = `
  local meta, queue, beats, active, admitted, tried, spent = unpack(KEYS)
  local now, mode = tonumber(ARGV[1]), ARGV[2]
  local maxActive, rate = tonumber(ARGV[3]), tonumber(ARGV[4])
  if now == 0 then
    local time = redis.call('TIME')
    now = time[1] * 1000 + math.floor(time[2] / 1000)
  end
  local m = {}
  local names = { ${FIELDS.map((name) => `'${name}'`).join(', ')} }
  local found = redis.call('HMGET', meta, unpack(names))
  for i, name in ipairs(names) do m[name] = tonumber(found[i] or '0') end
  if m.began == 0 then m.began = now end
  local function score(set, user) return tonumber(redis.call('ZSCORE', set, user) or '0') end
  local function size(set) return redis.call('ZCARD', set) end
  local function raise(set, user, to) redis.call('ZADD', set, math.max(to, score(set, user)), user) end
  local function isAdmitted(user) return score(admitted, user) > now and score(active, user) > now end
  local function endActivity(user) for _, set in ipairs({ active, admitted, tried }) do redis.call('ZREM', set, user) end end
  local function leaveQueue(user) for _, set in ipairs({ queue, beats }) do redis.call('ZREM', set, user) end end
  local function spend(user)
    endActivity(user)
    if now < m.began + ${ADMISSION_MS} then redis.call('ZADD', spent, now, user) end
  end
  local function patience(position)
    return math.max(${PATIENCE_LEAST}, 3 * math.min(${POLL_MOST}, ${POLL_0} + ${POLL_1 - POLL_0} * position))
  end
  local function awaitReturn(to)
    m.paused = math.max(m.paused, to)
    if mode == 'auto' then m.on = 1 end
  end`;

const BEGIN = `
  if mode == 'on' then m.on = 1 elseif mode == 'off' then m.on = 0 end
  m.served = math.max(m.served, tonumber(ARGV[6]))
  local known = tonumber(ARGV[5])
  if known ~= 0 and known ~= m.began then awaitReturn(now + ${RETURN_MS}) end
  local span = now - now % ${SPAN_MS}
  if span ~= m.span then
    m.prev = m.span == span - ${SPAN_MS} and m.cur or 0
    m.cur, m.span = 0, span
  end
  for _, user in ipairs(redis.call('ZRANGEBYSCORE', active, '-inf', now, 'LIMIT', 0, ${STEP})) do endActivity(user) end
  for _, user in ipairs(redis.call('ZRANGEBYSCORE', beats, '-inf', now, 'LIMIT', 0, ${STEP})) do leaveQueue(user) end
  if now >= m.began + ${ADMISSION_MS} then redis.call('DEL', spent) end`;

const PERFORM = `
  local function isOpenTo(user)
    if m.on == 1 then return false end
    if mode == 'off' or score(active, user) > 0 or size(active) < maxActive then return true end
    m.on = 1
    return false
  end
  local function markTried(user)
    redis.call('ZADD', tried, now + ${TRIED_MS}, user)
    raise(active, user, now + ${TRIED_MS})
  end
  local perform = {}
  function perform.join(user, place)
    if place > m.served and place < m.began * 1000 and now < m.began + ${RETURN_MS} then awaitReturn(m.began + ${RETURN_MS}) end
    if isOpenTo(user) then return 'open' end
    if isAdmitted(user) or score(queue, user) > 0 then return 'placed' end
    if score(tried, user) > now then
      redis.call('ZREM', tried, user)
      redis.call('ZADD', admitted, now + ${ADMISSION_MS}, user)
      raise(active, user, now + ${ADMISSION_MS})
      return 'placed'
    end
    local waiting = size(queue)
    if waiting >= ${MAX_WAITING} then return 'full' end
    if waiting == 0 then m.since = now end
    local isGood = place > m.served and place <= now * 1000
    if not isGood then m.last = math.max(m.last + 1, now * 1000) end
    redis.call('ZADD', queue, isGood and place or m.last, user)
    redis.call('ZADD', beats, now + patience(0), user)
    return 'placed'
  end
  function perform.status() return m.on == 1 and 'placed' or 'open' end
  perform['try'] = function(user, ends)
    if isOpenTo(user) then
      if mode == 'auto' then markTried(user) end
      return 'open'
    end
    if ends <= now then return 'refused' end
    local present = score(admitted, user)
    if isAdmitted(user) then return present == ends and 'placed' or 'refused' end
    if ends - ${ADMISSION_MS} >= m.began or score(spent, user) > 0 or present > 0 then return 'refused' end
    redis.call('ZADD', admitted, ends, user)
    raise(active, user, ends)
    return 'placed'
  end
  function perform.tried(user) markTried(user) end
  function perform.held(user, ends) if ends > now then raise(active, user, ends) end end
  function perform.released(user)
    if score(active, user) == 0 then return end
    local ends = math.max(score(admitted, user), score(tried, user))
    if ends > now then redis.call('ZADD', active, ends, user) else endActivity(user) end
  end
  function perform.leave(user) leaveQueue(user); spend(user) end
  function perform.bought(user) spend(user) end
  local outcomes = {}
  for i = 7, #ARGV, 3 do outcomes[#outcomes + 1] = perform[ARGV[i]](ARGV[i + 1], tonumber(ARGV[i + 2])) or 'done' end`;

const ADMIT = `
  if m.on == 1 then
    local second = math.floor(now / 1000)
    if second ~= m.second then m.inSecond = 0 end
    m.second = second
    for _ = 1, now >= m.paused and ${STEP} or 0 do
      local first = redis.call('ZRANGE', queue, 0, 0, 'WITHSCORES')
      if #first == 0 or m.inSecond >= rate or size(active) >= maxActive then break end
      local user, place = first[1], tonumber(first[2])
      local ends = score(beats, user)
      leaveQueue(user)
      if ends > now then
        redis.call('ZADD', admitted, now + ${ADMISSION_MS}, user)
        raise(active, user, ends)
        m.served = math.max(m.served, place)
        m.inSecond, m.cur = m.inSecond + 1, m.cur + 1
      end
    end
  end`;

const ANSWER = `
  local states = { ${STATES.map((state, index) => `['${state}'] = ${index}`).join(', ')} }
  local answer = {}
  local function say(state, position, place, ends)
    for _, value in ipairs({ states[state], position or 0, place or 0, ends or 0 }) do answer[#answer + 1] = value end
  end
  for i, outcome in ipairs(outcomes) do
    local kind, user = ARGV[3 * i + 4], ARGV[3 * i + 5]
    local place = redis.call('ZSCORE', queue, user)
    if outcome ~= 'placed' then say(outcome)
    elseif isAdmitted(user) then
      local ends = score(admitted, user)
      raise(active, user, ends)
      say('admitted', 0, 0, ends)
    elseif kind == 'try' then say('refused')
    elseif not place then say('unknown')
    else
      local position = redis.call('ZRANK', queue, user) + 1
      redis.call('ZADD', beats, now + patience(position), user)
      say('queued', position, tonumber(place))
    end
  end
  if mode == 'auto' and size(queue) == 0 and now >= m.paused and size(active) < maxActive then m.on = 0 end
  local kept = {}
  for _, name in ipairs(names) do
    kept[#kept + 1] = name
    kept[#kept + 1] = m[name]
  end
  redis.call('HSET', meta, unpack(kept))
  for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, ${LIFE_MS}) end
  for _, value in ipairs({ m.began, m.served, m.on, size(active), size(queue), m.since, m.span, m.cur, m.prev, now }) do
    answer[#answer + 1] = value
  end
  return answer`;

const SCRIPT = [PREPARE, BEGIN, PERFORM, ADMIT, ANSWER].join('\n');
const SCRIPT_HASH = hash('sha1', SCRIPT);

/** A step of the script per operation, and some hundred more: about a millisecond of Redis. */
export const MAX_OPERATIONS = 100;

const SETS = ['room', 'queue', 'beats', 'active', 'admitted', 'tried', 'spent'];
const ANSWER_LENGTH = 4;
const SUMMARY_LENGTH = 10;

/**
 * As `runRoom`, on the room that Redis has of a show.
 *
 * @param operations at most MAX_OPERATIONS
 * @param now absent: by the clock of Redis, which all processes share
 * @throws whatever ioredis throws when there is no answer
 */
export async function runRoomInRedis(
  redis: Redis,
  showId: string,
  rules: RoomRules,
  operations: readonly Operation[],
  remembered: Remembered,
  now = 0,
): Promise<{ answers: Answer[]; summary: Summary }> {
  // What stands in braces is all that Redis Cluster looks at to place a key: a room's keys lie together.
  const keys = SETS.map((set) => `evently:waiting-room:{${showId}}:${set}`);
  const told = operations.flatMap(({ kind, userId, value }) => [kind, userId, value]);
  const { mode, maxActive, rate } = rules;
  const { began, served } = remembered;
  const args = [keys.length, ...keys, now, mode, maxActive, rate, began, served, ...told] as const;
  const reply = await redis.evalsha(SCRIPT_HASH, ...args).catch((error: unknown) => {
    // A Redis that has just begun does not know it.
    if (error instanceof Error && error.message.startsWith('NOSCRIPT')) return redis.eval(SCRIPT, ...args);
    throw error;
  });
  const numbers = readNumbers(reply, operations.length);
  const answers = operations.map((_, index) => readAnswer(numbers.slice(index * ANSWER_LENGTH)));
  return { answers, summary: readSummary(numbers.slice(operations.length * ANSWER_LENGTH)) };
}

function readNumbers(reply: unknown, operations: number): number[] {
  const length = operations * ANSWER_LENGTH + SUMMARY_LENGTH;
  if (Array.isArray(reply) && reply.length === length && reply.every((value) => typeof value === 'number'))
    return reply;
  throw new Error('Redis answered something else than a waiting room');
}

function readAnswer([state = 0, position = 0, place = 0, until = 0]: number[]): Answer {
  return { state: STATES[state] ?? 'unknown', position, place, until };
}

function readSummary(numbers: number[]): Summary {
  const [began = 0, served = 0, on = 0, active = 0, waiting = 0, waitingSince = 0, spanAt = 0, admittedNow = 0] =
    numbers;
  const [admittedBefore = 0, now = 0] = numbers.slice(8);
  const measured = { waitingSince, spanAt, admittedNow, admittedBefore, now };
  return { began, served, isOn: on === 1, active, waiting, ...measured };
}
