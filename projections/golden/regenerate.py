#!/usr/bin/env python3
"""Writes the golden files: what PostgreSQL 15 makes of each expression.

Usage: regenerate.py PSQL-ARGUMENTS…, for example: regenerate.py -h /tmp -U postgres postgres

The server needs a database in UTF-8 with LC_COLLATE C and LC_CTYPE C.UTF-8. A line of a golden file is the expression,
the type and the JSON of its value, with tabs between; or the expression, ERROR and the message. Columns are those of SAMPLE;
projections/src/expr/golden.rs has the same row.
"""

import itertools
import pathlib
import random
import subprocess
import sys

HERE = pathlib.Path(__file__).parent

SAMPLE = {
    "b": "true", "nb": "null::boolean", "i4": "7::integer", "ni4": "null::integer",
    "i8": "42::bigint", "ni8": "null::bigint", "d": "2.5::double precision", "nd": "null::double precision",
    "n": "12.50::numeric", "nn": "null::numeric", "t": "'Hello Wörld'::text", "nt": "null::text",
    "ts": "'2026-02-28 13:14:15.678901+00'::timestamptz", "nts": "null::timestamptz",
    "dt": "'2024-02-29'::date", "ndt": "null::date",
    "u": "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid", "nu": "null::uuid",
    "iv": "'1 mon 2 days 03:04:05'::interval", "niv": "null::interval",
    "j": "'{\"a\":1,\"b\":[10,20,{\"c\":\"x\\ty\"}],\"n\":null,\"s\":\"str\",\"d\":1.50,\"t\":true,\"e\":{}}'::json",
    "nj": "null::json",
    "ai": "'{1,2,NULL,4}'::bigint[]", "nai": "null::bigint[]",
    "at": "'{a,b c,NULL,\"\"}'::text[]", "nat": "null::text[]",
}


def cross(pattern, *choices):
    return [pattern.format(*picked) for picked in itertools.product(*choices)]


def lines(text):
    return [line.strip() for line in text.strip().splitlines() if line.strip()]


INT4S = ["0", "1", "-1", "7", "2147483647", "-2147483648", "ni4"]
INT8S = ["0::bigint", "-3::bigint", "9223372036854775807", "-9223372036854775808", "ni8"]
NUMERICS = ["0.0", "1.5", "-2.75", "12.50", "0.001", "-0.5", "2.5", "1000000.00", "0.00000007", "123456789012345678", "nn"]
DOUBLES = ["0::float8", "2.5::float8", "-0.1::float8", "1e300::float8", "1e-300::float8", "'NaN'::float8", "'Infinity'::float8",
           "'-Infinity'::float8", "nd"]
ONE_OF_EACH = ["b", "i4", "i8", "d", "n", "t", "ts", "dt", "u", "iv", "j", "ai", "at", "null", "'7'", "'x'"]
TEXTS = ["''", "'abc'", "'Hello Wörld'", "'ÄÖÜ ß'", "'  pad  '", "'a,b,,c'", "nt"]


def arithmetic():
    signs = ["+", "-", "*", "/", "%"]
    yield from cross("{} {} {}", INT4S, signs, INT4S)
    yield from cross("{} {} ({})", INT8S, signs, ["2::bigint", "-1::bigint", "0", "-9223372036854775808"])
    yield from cross("{} {} ({})", NUMERICS, signs, NUMERICS)
    yield from cross("{} {} ({})", DOUBLES, ["+", "-", "*", "/"], DOUBLES)
    yield from cross("{} {} {}", ["i4", "i8", "d", "n", "ni8"], signs + ["^"], ["i4", "d"])
    yield from cross("{} {} {}", ["i4", "i8", "d", "n", "ni8"], signs, ["i8", "n"])
    yield from cross("({}) ^ ({})", ["2", "-2", "0::float8", "2.5::float8", "1e300::float8"], ["3", "0", "-1", "0.5::float8", "1e10::float8"])
    yield from cross("- ({})", INT4S + INT8S + NUMERICS + DOUBLES + ["iv"])
    yield from cross("+ {}", ["i4", "n", "d"])
    yield from lines("""
        1 + 2 * 3 - 4 / 5 % 6
        foo.abs(1)
        pg_catalog.abs(1)
        "abs"(1)
        "ABS"(1)
        "="(1, 2)
        "is null"(1)
        "array"(1, 2)
        "not"(b)
        'Infinity'::float8 ^ 0.5
        '-Infinity'::float8 ^ 0.5
        '-Infinity'::float8 ^ -0.5::float8
        '-Infinity'::float8 ^ 3
        '-Infinity'::float8 ^ 2
        '-Infinity'::float8 ^ 'Infinity'::float8
        '-Infinity'::float8 ^ '-Infinity'::float8
        (-2)::float8 ^ 'Infinity'::float8
        (-0.5)::float8 ^ 'Infinity'::float8
        (-1)::float8 ^ 'Infinity'::float8
        (-2)::float8 ^ 'NaN'::float8
        0::float8 ^ '-Infinity'::float8
        1::float8 ^ 'NaN'::float8
        -2 ^ 2
        2 ^ 3 ^ 2
        -5 % 3
        5 % -3
        - 5::bigint
        -9223372036854775808
        9223372036854775808
        9223372036854775807 + 1
        2147483648
        -2147483648
        1.0
        .5
        1e3
        1.5e-3
        '5' + 2
        '5' + '2'
        '5.5' + 2
        '5.5' + n
        i8 * n / 3
        100 * i4 / i8
        1.0 / 3
        2.0 / 3
        10 / 3.0
        1 / 7.0000
        1e20 / 3
        0.1 / 3
        0.00001 / 3
        1 / 30000.0
        0 / 5.00
        n / 0
        i8 / 0
        d / 0
        i8 % 0
        n % 0
        99999999999999.99 * 1.1
        b + 1
        t + 1
        null + 1
        null + null
    """)


def comparison():
    signs = ["=", "<>", "<", "<=", ">", ">="]
    yield from cross("{} {} {}", ["i4", "i8", "d", "n"], signs, ["7", "12.5", "2.5::float8", "42::bigint", "'7'", "null"])
    yield from cross("{} = {}", ONE_OF_EACH, ONE_OF_EACH)
    yield from cross("{} is distinct from {}", ["i8", "ni8", "null", "t", "nt"], ["42", "ni8", "null"])
    yield from cross("{} is not distinct from {}", ["t", "nt"], ["'Hello Wörld'", "nt"])
    yield from cross("{} {} {}", ["'a'", "'B'", "'ab'", "'ä'", "''"], ["<", "="], ["'a'::text", "'B'::text", "'ß'::text"])
    yield from cross("{} {} {}", ["'NaN'::float8", "'Infinity'::float8", "-0.0::float8"], ["=", "<"], ["'NaN'::float8", "0::float8"])
    yield from cross("{} is {}{}", ["b", "nb", "null", "false", "i4"], ["", "not "], ["null", "true", "false", "unknown"])
    yield from cross("{} between {} and {}", ["i8", "ni8", "n", "'5'"], ["1", "43", "null"], ["50", "2", "null"])
    yield from cross("{} not between {} and {}", ["i8"], ["1", "43", "null"], ["50", "2", "null"])
    yield from cross("{} {} {}", ["iv"], signs, ["interval '32 days 03:04:05'", "interval '1 month'", "'33 days'"])
    yield from cross("{} {} {}", ["ts", "dt"], signs, ["'2026-02-28'", "date '2024-02-29'", "ts"])
    yield from cross("{} {} {}", ["ai", "array[1,2]::bigint[]"], signs, ["array[1,2]::bigint[]", "ai", "'{1,3}'"])
    yield from lines("""
        i8 in (1, 42)
        i8 in (1, 2)
        i8 in (1, null)
        ni8 in (1, 2)
        i8 not in (1, null)
        i8 not in (1, 2)
        i8 in ('42', '1')
        n in (12.5, 1)
        i8 in (42.0, 1)
        t in ('a', 'Hello Wörld')
        t in ('a', 1)
        i8 in (i4, 42)
        null in (1, 2)
        ts in ('2026-02-28 13:14:15.678901+00')
        greatest(1, 2.5, 3)
        greatest(null, 1, i8)
        least(d, n, i4)
        least(null, null)
        greatest('a', 'b')
        greatest(t, 'Z')
        greatest(ts, dt)
        greatest(1, 'x')
        greatest(1, '5')
        nullif(1, 1)
        nullif(i8, 42)
        nullif(i8, 41)
        nullif(n, 12.5)
        nullif(nt, 'a')
        nullif(t, nt)
        nullif(0, i8)
        nullif(j, j)
        nullif('', '')
        nullif(null::integer, 1 / (i8 - 42))
        nullif(nullif(1, 1), 1 / (i8 - 42)) + 1
        nullif(i8 / (i8 - 42), null)
        nullif(d, null)
        nullif(i4, null::bigint)
        not b
        not nb
        not i4
        not null
    """)


def logic():
    truths = ["true", "false", "null", "nb"]
    yield from cross("{} and {}", truths, truths)
    yield from cross("{} or {}", truths, truths)
    yield from cross("not {} or {} and {}", ["b", "nb"], ["b", "nb", "false"], ["b", "nb"])
    yield from lines("""
        b and 1
        b and 'true'
        b or 'x'
        i8 = 42 and (n > 1 or d / 0 > 1)
        b or i8 / 0 = 1
        not b and i8 / 0 = 1
        b and i8 / (i4 - 7) = 1
        case when b then 1 else 2 end
        case when nb then 1 else 2 end
        case when nb then 1 end
        case when b then 1 else 2.5 end
        case when not b then 1 else 2.5 end
        case when b then 'x' else t end
        case when b then null else 1 end
        case when b then 'a' else 'b' end
        case when b then i8 else d end
        case when b then 1 else 'x' end
        case when b then 1 else '5' end
        case when b then ts else dt end
        case when b then dt else ts end
        case when i4 then 1 end
        case when b then 1 else t end
        case i4 when 7 then 'seven' when 8 then 'eight' else 'other' end
        case i4 when 1 then 'one' end
        case i4 when null then 'null' else 'no' end
        case ni4 when null then 'null' else 'no' end
        case t when 'Hello Wörld' then 1 else 0 end
        case i4 when '7' then 1 else 0 end
        case i4 when 'x' then 1 else 0 end
        case n when 12.5 then true else false end
        case when i4 = 0 then 1 / i4 else i4 end
        case when b then i8 else i8 / (i4 - 7) end
        case when b then ai else array[1] end
        case when b then j else null end
        coalesce(null, 1)
        coalesce(ni8, 5)
        coalesce(ni8, 5.5)
        coalesce(i8, i8 / (i4 - 7))
        coalesce(nt, 'x')
        coalesce(nt, 1)
        coalesce(null, null)
        coalesce(nn, 0)
        coalesce(nd, n)
        coalesce(nts, dt)
        coalesce(nj, '{}')
        coalesce(nai, '{}')
        coalesce(nai, array[1,2])
        coalesce(null, 'x')
        coalesce()
    """)


def text():
    unary = ["lower", "upper", "initcap", "length", "char_length", "octet_length", "bit_length", "trim", "btrim", "ltrim", "rtrim",
             "reverse", "ascii"]
    yield from cross("{}({})", unary, TEXTS)
    yield from cross("{}({}, {})", ["left", "right", "repeat", "lpad", "rpad"], TEXTS, ["0", "2", "-2", "20", "null"])
    yield from cross("substr({}, {}, {})", ["'Hello Wörld'", "nt"], ["-2", "0", "1", "7", "50", "2147483647"], ["0", "3", "100", "-1", "2147483647"])
    yield from cross("substring({}, {})", ["'Hello Wörld'"], ["-2", "0", "1", "7", "50"])
    yield from cross("split_part({}, {}, {})", ["'a,b,,c'", "''", "'abab'"], ["','", "''", "'ab'", "'x'"], ["1", "2", "-1", "-2", "9", "0"])
    yield from cross("{} like {}", TEXTS, ["''", "'%'", "'a%'", "'%c'", "'_b_'", "'%ö%'", "'h%'", "'a\\%'", "'%,%,%'", "null"])
    yield from cross("{} ilike {}", TEXTS, ["'h%'", "'ABC'", "'äöü%'", "'%WÖR%'"])
    yield from cross("{} || {}", ONE_OF_EACH, ["'x'", "t", "i4", "nt", "ai", "at", "null", "j"])
    yield from cross("{} || {}", ["'x'", "t"], ONE_OF_EACH)
    yield from cross("concat({}, '-', {})", ONE_OF_EACH, ["1", "nt", "true"])
    yield from cross("split_part({}, 'aa', {})", ["'aaa'", "'aaaaa'", "'baaab'", "'aa'"], ["1", "2", "3", "-1", "-2", "-3"])
    yield from cross("lpad({}, 5, {})", ["'abc'", "'abcdefgh'"], ["''", "'xy'", "'é'"])
    yield from cross("rpad({}, 5, {})", ["'abc'", "'abcdefgh'"], ["''", "'xy'", "'é'"])
    yield from cross("trim({} {} from {})", ["both", "leading", "trailing"], ["'x'", "'xy'", "''"], ["'xyabcyx'", "''"])
    yield from lines(r"""
        t not like 'H%'
        t like 'H_llo%'
        'a%b' like 'a\%b'
        'a%b' like 'a!%b' escape '!'
        'axb' like 'a!%b' escape '!'
        'a\b' like 'a\\b'
        'a\b' like 'a\b' escape ''
        'ab' like 'ab\'
        'ab' like 'ab' escape 'xx'
        'a!b' like 'a!!b' escape '!'
        'abc' like 'a%b%c%'
        'aXbXc' like '%X%X%'
        'mississippi' like 'm%iss%ip%i'
        'mississippi' like 'm%iss%ipx%i'
        t ilike 'hello%'
        t not ilike 'x%'
        5 like '5'
        t ~ 'H'
        t similar to 'H%'
        replace('abcabc', 'b', 'XX')
        replace('abc', '', 'x')
        replace('abc', 'c', '')
        replace(t, nt, 'x')
        position('l' in t)
        position('z' in t)
        position('' in t)
        position('W' in 'Hello Wörld')
        strpos(t, 'ö')
        strpos('äöü', 'ü')
        starts_with(t, 'Hel')
        starts_with(t, 'x')
        t ^@ 'He'
        translate('12345', '143', 'ax')
        translate('abc', '', 'x')
        overlay('Txxxxas' placing 'hom' from 2 for 4)
        overlay('abcdef' placing 'ZZ' from 3)
        overlay('abcdef' placing 'ZZ' from 0)
        overlay('abcdef' placing '' from 2 for 2)
        substring(t from 2 for 3)
        substring(t from 8)
        substring(t for 4)
        substring('abc', 2)
        chr(65)
        chr(8364)
        chr(0)
        chr(-1)
        chr(1114112)
        chr(55296)
        ascii('€')
        to_hex(255)
        to_hex(-1)
        to_hex(i8)
        concat('a', null, 1, true, 2.50, ts)
        concat()
        concat(null)
        concat(d, n, dt, iv, u)
        concat_ws(',', 'a', null, 'b', 1)
        concat_ws(null, 'a')
        concat_ws(',', null)
        concat_ws(', ', t, i4, b)
        concat('x', ai, at)
        repeat('ab', 3)
        lower(5)
        lower(null)
        upper('straße')
        lower('ΑΣ')
        upper('ǆ')
        lower('İI')
        initcap('hello wORLD-foo_bar 1st ünïcode')
        length('日本語')
        octet_length('日本語')
        reverse('日本é')
        left('日本語', 2)
        trim('  x  ')
        trim(both from '  x ')
        trim('xax', 'x')
        ltrim('xxabc', 'xb')
        rtrim('abcxx', 'xc')
        btrim('xyxtrimyyx', 'xyz')
        'x'::text || 1.50
        1 || 2
        t || ts
        t || d
        'a' || b
        'tab	and "quotes" \ /'
        E'line\nbreak\ttab\u00e9'
        'it''s'
        $$dollar$$
        'a'::varchar(3)
        'abcdef'::varchar(3)
        t::varchar(5)
        123456::varchar(3)
        'äöü'::varchar(2)
    """)


def numeric():
    unary = ["abs", "sign", "round", "trunc", "ceil", "floor", "sqrt", "exp", "ln"]
    yield from cross("{}({})", unary, ["i4", "i8", "ni8", "-7", "0", "2.5::float8", "-2.5::float8", "3.5::float8", "0.0::float8", "'NaN'::float8",
                                       "'Infinity'::float8", "1000::float8", "-1e-5::float8"])
    yield from cross("{}({})", ["abs", "sign", "round", "trunc", "ceil", "floor"], NUMERICS + ["-1.5", "0.49", "-0.51", "99.99"])
    yield from cross("round({}, {})", NUMERICS + ["1234.5678", "-1234.5678", "0.05", "i8", "999.995"], ["0", "2", "-2", "5", "-5", "null"])
    yield from cross("trunc({}, {})", ["1234.5678", "-1234.5678", "9.99", "i8"], ["0", "2", "-2", "5"])
    yield from cross("mod({}, {})", ["5", "-5", "i8", "5.5", "-5.5"], ["3", "-3", "2.2", "0", "ni4"])
    yield from cross("div({}, {})", ["5", "-5", "i8", "5.5", "-5.5"], ["3", "-3", "2.2", "0", "nn"])
    yield from cross("power({}, {})", ["2", "d", "2.5::float8", "-8::float8"], ["3", "-1", "0.5::float8", "0"])
    yield from lines("""
        log(100::float8)
        log(0::float8)
        log(-1::float8)
        ln(0::float8)
        ceiling(1.2)
        ceiling(-1.2)
        ceiling(d)
        sqrt(-1::float8)
        exp(1000::float8)
        exp(-1000::float8)
        abs(-2147483648)
        abs(-9223372036854775808)
        round(d, 2)
        round(0.5::float8)
        round(1.5::float8)
        round(-0.5)
        round(42.4382, 2)
        round(i8 / 7.0, 3)
        scale(1.500)
        trim_scale(1.500)
        sign(-5)
        pow(2, 10)
        round('5.5')
        abs('-5')
        abs(t)
        round(n * 1.075, 2)
        sum_does_not_exist(1)
    """)


def casts():
    targets = ["boolean", "integer", "bigint", "double precision", "numeric", "numeric(6,2)", "text", "varchar(4)", "timestamptz", "date",
               "uuid", "interval", "json", "bigint[]", "text[]"]
    yield from cross("{}::{}", ONE_OF_EACH + ["nb", "ni8", "nd", "nn", "nt"], targets)
    yield from cross("{}::{}", ["1.5", "2.5", "-2.5", "2147483647.5", "9223372036854775807.4", "9223372036854775807.5"], ["integer", "bigint"])
    yield from cross("{}::{}", ["1.5::float8", "2.5::float8", "-0.5::float8", "3e9::float8", "9.3e18::float8", "'NaN'::float8",
                                "'Infinity'::float8"], ["integer", "bigint", "text"])
    yield from cross("{}::float8::numeric", ["0.1", "1e15", "123456789.123456789", "1e-10", "-2.5", "1e20", "0", "3.141592653589793"])
    yield from cross("{}::numeric({})", ["12345.678", "0.005", "-0.005", "99.995", "999.99"], ["5,2", "3,0", "5", "2,2", "10,4"])
    yield from cross("{}::numeric({})", ["0.00123", "-0.00999", "0.00996", "0.5", "0", "0.000949"], ["2,4", "1,3", "3,3", "1,5"])
    yield from cross("'{}'::boolean", ["t", "true", "TRUE", "yes", "y", "on", "1", "f", "false", "no", "n", "off", "of", "0", " true ", "o", "tru", "2", ""])
    yield from cross("'{}'::{}", ["12", " 12 ", "+12", "-12", "1.5", "1e3", "", "abc", "12abc", "0x1F", "99999999999", "NaN", "Infinity", "-inf",
                                  ".5", "5.", "-.5e1", "1e400", "1e-400", "1_000"], ["integer", "bigint", "double precision", "numeric"])
    yield from cross("'{}'::text::{}", ["12", "1.5", "abc"], ["integer", "numeric", "float8"])
    yield from cross("'{}'::float8::text", ["1e14", "1e15", "123456789012345", "1234567890123456", "0.0001", "0.00001", "1e-7", "-0", "1.0", "0.1",
                                            "1e22", "1.7976931348623157e308", "5e-324", "100", "2.2250738585072014e-308"])
    yield from cross("'{}'::timestamptz", [
        "2026-01-01", "2026-01-01 10:00", "2026-01-01T10:00:00Z", "2026-01-01T10:00:00+02:00", "2026-01-01 10:00:00-0530",
        "2026-01-01 10:00:00.123456789", "2026-01-01 10:00:00.9999995", "2026-01-01 23:59:60", "2026-01-01 24:00:00", "2026-01-01 24:00:01",
        "2026-02-29", "2024-02-29", "2026-13-01", "2026-00-01", "2026-01-32", "2026-01-01 25:00", "2026-01-01 10:60", "2026-1-2 3:4:5",
        "0001-01-01", "9999-12-31 23:59:59.999999", "12345-01-01", "0044-03-15 BC", "0000-01-01", "epoch", "  2026-01-01  ", "abc", "", "10:00",
        "2026-01-01 10:00:00 UTC", "2026-01-01 10:00:00+16", "2026-01-01 10:00:00+15:59", "2026-01-01t10:00:00z", "2026-01-01 10:00:00 +00",
        "2026-01-01 10:00:00.", "2026-01-01T10:00:00.5+00:00", "2026-01-01 10:00:00,5", "1969-12-31 23:59:59.5"])
    yield from cross("'{}'::date", ["2026-01-01", "2026-02-30", "2026-01-01 10:00:00", "2026-01-01T23:00:00-05:00", "0001-01-01", "abc", "99999-01-01",
                                    "2026-1-5", "0100-03-01 BC"])
    yield from cross("'{}'::interval", [
        "1 day", "90 days", "1 mon 2 days 03:04:05", "1 year", "1 year 2 months", "-1 day", "-1 year 2 days", "1.5 days", "1.5 months", "1.5 years",
        "0.1 years", "1.5 weeks", "2 hours ago", "1 day ago", "90", "1.5", "03:04", "03:04:05.678", "-03:04", "1 day -03:04", "0 days", "P1Y2M3DT4H5M6S",
        "PT36H", "P1W", "PT0.5S", "P-1D", "1 decade", "1 century", "1 millennium", "5 ms", "5 us", "1 h 2 m 3 s", "@ 1 day", "1 fortnight", "abc", "",
        "1 day 2", "25:00:00", "1:70", "100 hours", "1d", "1 d 2h", "2 hours 30 min", "1 mon -1 day", "-1 mon +1 day 01:00", "1.25 hours",
        "1e2 days", "  1   day  ", "3 quarters", "1 week", "999999999999 days", "04:05:06.0000001"])
    yield from cross("'{}'::uuid", ["A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}", "a0eebc999c0b4ef8bb6d6bb9bd380a11",
                                    "a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11", "a0eebc99-9c0b4ef8-bb6d6bb9-bd380a11", "abc", "", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1",
                                    "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11-", "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"])
    yield from cross("'{}'::json", ["{}", "[1, 2]", " {\"a\" : 1} ", "null", "1.50", "\"x\"", "abc", "", "{\"a\":1,\"a\":2}", "[1,]", "\"\\u0041\\n\"", "1e5", "-0",
                                    "tru", "{\"b\":{\"z\":1,\"y\":[]}}"])
    yield from cross("'{}'::bigint[]", ["{}", "{1,2}", "{1, NULL ,3}", "{a}", "1,2", "{1,2", "{\"1\"}", "{,}", " {1} "])
    yield from cross("'{}'::text[]", ["{}", "{a,b c}", "{\"a,b\",\"\"}", "{NULL,\"NULL\"}", "{a\\\\b}", "{ a , b }"])
    yield from lines("""
        cast(i4 as text)
        cast('5' as integer)
        cast(n as bigint)
        1::text
        1.50::text
        true::text
        ts::text
        dt::text
        iv::text
        ai::text
        at::text
        u::text
        j::json
        array[true,false]::text
        array[ts]::text
        array[1.5,2.50]::text
        ai::integer[]
        ai::text[]
        ai::numeric[]
        at::bigint[]
        array['1','2']::bigint[]
        array[1.5,2.5]::bigint[]
        i8::integer
        9999999999::integer
        b::integer
        i4::boolean
        0::boolean
        i8::boolean
        1.5::boolean
        ts::date
        '1969-12-31 23:00'::timestamptz::date
        dt::timestamptz
        date '2026-01-01'
        timestamptz '2026-01-01 10:00:00+00'
        interval '90 days'
        interval '1' day
        interval '5' hour
        interval '1 day' + interval '2 hours'
        i8::smallint
        d::real
        t::char(3)
        ts::timestamp
        t::jsonb
        ts::time
        null::bigint
        null::text
        null
    """)


def time():
    units = ["microseconds", "milliseconds", "second", "minute", "hour", "day", "week", "month", "quarter", "year", "decade", "century", "millennium"]
    parts = units + ["epoch", "dow", "isodow", "doy", "isoyear", "julian", "timezone"]
    stamps = ["ts", "timestamptz '2000-12-31 23:59:59.999999+00'", "timestamptz '2001-01-01 00:00:00+00'", "timestamptz '1969-07-20 20:17:40.5+00'",
              "timestamptz '0001-01-01 00:00:00+00'", "timestamptz '2021-01-03 12:00+00'", "nts"]
    yield from cross("date_trunc('{}', {})", units, stamps)
    yield from cross("extract({} from {})", parts, stamps)
    yield from cross("date_part('{}', {})", parts, ["ts", "dt", "iv", "nts"])
    yield from cross("extract({} from {})", parts, ["dt", "iv", "date '2020-12-31'", "interval '-1 year -5 days -02:03:04.5'", "interval '14 months 40 days 100:00:00'"])
    yield from cross("date_trunc('{}', {})", ["hour", "month", "year"], ["dt", "iv", "interval '-14 months 40 days 100:10:00'"])
    yield from cross("{} {} interval '{}'", ["ts", "timestamptz '2024-01-31 00:00+00'", "timestamptz '2024-03-31 10:00+00'"], ["+", "-"],
                     ["1 day", "1 month", "1 year", "1 mon 1 day 01:00", "-1 month", "36 hours", "0.5 seconds", "100 years", "300000 years"])
    yield from cross("interval '{}' {} {}", ["1 day", "1 month", "1 mon 2 days 03:04:05", "-1 day", "5 hours"], ["*", "/"],
                     ["2", "0.5", "1.5", "-3", "7", "i8", "d", "n", "0", "1e10::float8"])
    yield from cross("{} * interval '1 day'", ["2", "0.5", "i8", "d", "n", "ni8"])
    yield from lines("""
        ts - ts
        ts - timestamptz '2026-01-01 00:00+00'
        timestamptz '2026-01-01 00:00+00' - ts
        ts - '2026-01-01'
        ts - dt
        dt - ts
        dt + 1
        1 + dt
        dt - 1
        dt + i8
        dt - date '2024-01-01'
        dt - '2024-01-01'
        dt + interval '1 day'
        dt - interval '1 day'
        dt::timestamptz + interval '1 month'
        dt + '1'
        ts + '1 day'
        ts - '1 day'
        ts + 1
        iv + iv
        iv - iv
        iv + '1 day'
        interval '1 day' - interval '25 hours'
        ts + null
        ts + niv
        dt < ts
        dt + 2147483647
        make_date(2026, 2, 28)
        make_date(2026, 2, 29)
        make_date(-44, 3, 15)
        make_date(0, 1, 1)
        to_timestamp(0)
        to_timestamp(1767225600.123456)
        to_timestamp(d)
        to_timestamp('NaN'::float8)
        to_timestamp(1e18)
        to_timestamp(-1.5)
        date_trunc('day', '2026-01-01 10:00'::timestamptz)
        date_trunc('Day', ts)
        date_trunc('days', ts)
        date_trunc('foo', ts)
        date_trunc('dow', ts)
        date_trunc('day', t)
        date_trunc(null, ts)
        date_trunc('day', ts)::date
        date_trunc('day', ts)::text
        extract(foo from ts)
        extract(hour from dt)
        extract(epoch from dt)
        extract(week from iv)
        extract(epoch from ts)::bigint
        extract(epoch from ts - timestamptz '2026-01-01')
        extract(year from ts)::integer
        extract(epoch from iv) / 3600
        extract(timezone_hour from ts)
        extract(year from timestamptz '0044-03-15 BC')
        extract(century from timestamptz '0044-03-15 BC')
        extract(decade from timestamptz '0044-03-15 BC')
        extract(millennium from timestamptz '1044-03-15 BC')
        date_trunc('century', timestamptz '0044-03-15 BC')
        date_trunc('decade', timestamptz '0044-03-15 BC')
        date_trunc('millennium', timestamptz '1044-03-15 BC')
        justify_hours(interval '50 hours -1 day')
        justify_days(interval '100 days -1 month')
        ts at time zone 'UTC'
        extract(epoch from interval '1 year 1 month 1 day')
        to_char(ts, 'YYYY')
        interval '-1 mon -1 day -00:00:01'
        iv > '1 day'
    """)


def json():
    yield from cross("j {} {}", ["->", "->>"], ["'a'", "'b'", "'n'", "'s'", "'d'", "'t'", "'e'", "'missing'", "0", "null", "nt"])
    yield from cross("{}{}{}", ["j"], [" #> ", " #>> "], ["'{b,0}'", "'{b,2,c}'", "'{b,-1,c}'", "'{b,9}'", "'{}'", "'{n}'", "'{a,x}'", "array['b','1']", "'{b,x}'", "'{b,NULL}'"])
    yield from cross("j -> 'b' {} {}", ["->", "->>"], ["0", "2", "-1", "-9", "9", "'0'"])
    yield from cross("json_typeof('{}'::json)", ["1", "\"x\"", "null", "true", "[]", "{}", "-1.5"])
    yield from cross("to_json({})", ONE_OF_EACH + ["nb", "nj", "nts", "d / 0.1", "'NaN'::float8", "array[1.50]", "array[ts]", "array['a\"b']"])
    yield from cross("json_build_object({}, {})", ["'k'", "i4", "b", "ts", "dt", "u", "n", "d", "t"], ["1", "nt"])
    yield from cross("json_build_object('k', {})", ONE_OF_EACH + ["nt", "nj", "'Infinity'::float8", "1e300::float8", "1e-5::float8"])
    yield from cross("json_build_array({}, {})", ONE_OF_EACH, ["1", "null"])
    yield from lines(r"""
        j
        nj
        j ->> 'b'
        j -> 'b' -> 2 ->> 'c'
        j -> 'b' -> 2 -> 'c'
        (j ->> 'a')::integer + 1
        (j ->> 'd')::numeric
        j -> 'a' + 1
        j = j
        j ->> 'x' is null
        j -> 'n' is null
        j ->> 'n' is null
        json_array_length(j -> 'b')
        json_array_length(j)
        json_array_length('1')
        json_array_length('[]')
        json_build_object()
        json_build_array()
        json_build_object('a')
        json_build_object(null, 1)
        json_build_object(nt, 1)
        json_build_object('a', 1, 'b', json_build_object('c', array[1,2]), 'd', null)
        json_build_object('a', j)
        json_build_object('é"\', 'tab	x')
        json_extract_path(j, 'b', '2', 'c')
        json_extract_path_text(j, 'b', '2', 'c')
        json_extract_path_text(j, 'a')
        json_extract_path(j, 'missing')
        json_extract_path(j)
        '{"a":1,"a":2}'::json -> 'a'
        '{"a":"\u00e9\n"}'::json ->> 'a'
        '{"a":"\ud83d\ude00"}'::json ->> 'a'
        '{"a":"\u0000"}'::json ->> 'a'
        '{"a b":1}'::json ->> 'a b'
        '{"\u0061":5}'::json ->> 'a'
        '[1,2,3]'::json -> -1
        '[1,2,3]'::json -> 'a'
        '{"1":2}'::json -> 1
        '5'::json -> 'a'
        '"x"'::json ->> 0
        '"x"'::json #>> '{}'
        '{"a":[1, 2, {"b": 3}]}'::json -> 'a'
        to_json('x'::text)
        to_json('x')
        to_json(array['a','b'])
        array_to_json(array[1,2])
        to_json(interval '1 day')
        to_json(timestamptz '2026-01-01 10:00:00.5+00')
        to_json(timestamptz '0044-03-15 BC')
        to_json(date '0044-03-15 BC')
        coalesce(j ->> 'x', 'none')
        jsonb_build_object('a', 1)
        json_object_keys(j)
        case when j ->> 't' = 'true' then 1 end
        (j ->> 't')::boolean
        j ->> i4
        j -> i8
        to_json(null)
    """)


def arrays():
    yield from cross("({})[{}]", ["ai", "at", "array[1.5,2]", "nai"], ["1", "3", "0", "-1", "9", "null", "i8"])
    yield from cross("{}({})", ["cardinality"], ["ai", "at", "nai", "'{}'::bigint[]"])
    yield from cross("array_length({}, {})", ["ai", "nai", "'{}'::bigint[]"], ["1", "2", "0", "null"])
    yield from cross("{} = any({})", ["1", "3", "4", "null", "i8", "n", "'1'"], ["ai", "'{1,2}'", "array[1,2]", "nai"])
    yield from cross("{} {} all({})", ["1", "null"], ["=", "<>", ">=", "<"], ["ai", "array[1,1]", "'{}'::bigint[]"])
    yield from cross("{} <> any({})", ["1", "2"], ["ai", "array[1,1]", "array[2]"])
    yield from cross("array_position({}, {})", ["ai"], ["2", "null", "9", "2::bigint", "4.0"])
    yield from cross("{} {} {}", ["ai", "array[1,2]::bigint[]", "'{}'::bigint[]"], ["@>", "<@", "&&"], ["array[2,1]::bigint[]", "'{}'::bigint[]", "ai"])
    yield from cross("array_to_string({}, {})", ["ai", "at", "array[1.50,2]", "array[true]", "nai"], ["','", "''", "null"])
    yield from cross("array_to_string({}, ',', {})", ["ai", "at"], ["'*'", "null"])
    yield from cross("string_to_array({}, {})", ["'a,b,,c'", "''", "nt", "'abc'"], ["','", "''", "null", "'bc'"])
    yield from lines("""
        array[1,2,3]
        sample.ai[2]
        array[1,2.5]
        array['a','b']
        array[1,'2']
        array[1,'x']
        array[i8, i4, null]
        array[null]
        array[t, nt]
        array[]
        array[]::bigint[]
        array[ts, dt]
        array[j]
        array[array[1],array[2]]
        array_append(ai, 5)
        array_append(nai, 5)
        array_append(ai, null)
        array_append(ai, 'x')
        array_append(ai, 5.5)
        array_prepend(0, ai)
        array_prepend(0, nai)
        array_cat(ai, array[9])
        array_cat(ai, nai)
        array_cat(nai, nai)
        array_remove(ai, 2)
        array_remove(ai, null)
        array_remove(at, 'a')
        ai || array[5,6]
        ai || 5
        5 || ai
        ai || 5::bigint
        ai || null
        null || ai
        at || 'x'
        at || 'x'::text
        'x'::text || at
        ai || at
        ai || '{7}'
        array[1] || array[2.5]
        array[1,2] = array[1,2]
        array[1,2] < array[1,3]
        array[1,null] = array[1,null]
        array[1,2] = array[1.0,2.0]
        'b' = any(at)
        t = any(at)
        t = any('{Hello Wörld}')
        i8 = any('{42,43}')
        i8 = any(array[42.0])
        i8 = any('x')
        i8 = any(i8)
        not (1 = any(ai))
        array_upper(ai, 1)
        string_to_array('a,NULL,b', ',', 'NULL')
        unnest(ai)
        array_length(string_to_array(t, ' '), 1)
        (string_to_array(t, ' '))[2]
    """)


def extras():
    yield from cross("md5({})", TEXTS + [f"repeat('x', {n})" for n in (55, 56, 57, 63, 64, 65, 119, 120, 1000)])
    times = ["ts", "timestamptz '2025-12-31 23:59:59+00'", "timestamptz '2024-02-29 00:00+00'", "timestamptz '2026-03-01 00:00+00'",
             "timestamptz '1999-01-31 12:00+00'", "dt", "nts"]
    yield from cross("age({}, {})", times, times)
    yield from cross("sqrt({})", ["n", "nn", "2.0", "0.0", "0.0001", "1e-10", "10.00", "99.99", "1234567890.5", "123456789012345678.0", "-1.5", "144.000", "0.5", "5000.1"])
    yield from cross("({}) ^ ({})", ["n", "1.05", "-2.5", "0.1", "0.0", "10.0", "1.0000001", "123.456"], ["0.0", "1.0", "2.0", "3", "-1", "-2.0", "10", "5"])
    yield from cross("power({}, {})", ["1.05", "n", "2.0", "100"], ["12", "2", "13.0", "-3", "0"])
    yield from cross("power({}, {})", ["0.0123456789012345678901234567", "-0.37", "123456.789", "0.5", "9.99"], ["-7", "-9", "-2", "-13"])
    yield from lines("""
        9123.000 * (-5::numeric / 8)
        (9123.000 * (-5::numeric / 8)) % 997
        (9123.000 * (5::numeric / 8)) % 997
        abs((9123.000 * (-5::numeric / 8)) % 997)
        sqrt(716.87500000000000000000000)
        sqrt(9.999999999999999999999999999)
        sqrt(0.0000000000000000000000000001)
        sqrt(0.0000000000000000000000000099)
        sqrt(9999999999999999999999999999)
        sqrt(123456789012345.6789012345678)
        sqrt(abs((9123.000 * (-5::numeric / 8)) % 997))
        format('Hello %s', 'x')
        format('%s-%s', i8, n)
        format('%s %s', 'a', null)
        format('%2$s %1$s', 'a', 'b')
        format('%2$s %s', 'a', 'b', 'c')
        format('%%')
        format('100%% of %s', t)
        format('|%10s|', 'abc')
        format('|%-10s|', 'abc')
        format('|%1$5s|', 'é')
        format('%s')
        format('%s', b)
        format('%s', ts)
        format(nt, 1)
        format(null)
        format('plain')
        format('%')
        format('%0$s', 1)
        format('%3$s', 1)
        format('%s %s', dt, ai)
        round(power(1.05, 3), 4)
        (n ^ 2)::double precision
        1000 * 1.03 ^ 10
        sqrt(n * n)
        sqrt(i8 * 1.0)
    """)


def formats():
    patterns = ["YYYY-MM-DD", "YYYY-MM-DD HH24:MI:SS", "YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"", "HH12:MI:SS AM", "HH:MI pm", "Mon DD, YYYY", "FMMonth FMDD, YYYY",
                "Month|", "MONTH|", "month|", "Day|", "DAY|", "day|", "Dy DY dy", "FMDay", "IYYY-\"W\"IW-ID", "YYYY\"-Q\"Q", "Q", "DDD FMDDD", "D ID", "WW W", "J",
                "CC", "YYY YY Y", "Y,YYY", "IYY IY I IDDD", "US MS", "FF1 FF2 FF3 FF4 FF5 FF6", "SSSS SSSSS", "TZ tz OF TZH:TZM", "yyyy-mm-dd hh24:mi:ss", "FMMM/FMDD/YY",
                "", "x-z_?!", "äöü YYYY", "YYYYMMDD", "HH24MISS", "FMHH24:FMMI", "Mon-YY", "FMMonth", "DD.MM.YYYY"]
    yield from cross("to_char({}, '{}')", ["ts", "timestamptz '2024-12-30 00:05:09.000123+00'", "timestamptz '0987-01-01 12:00+00'", "timestamptz '1827-08-22 12:00+00 BC'",
                                             "timestamptz '0001-01-01 12:00+00 BC'"], patterns)
    yield from lines("""
        to_char(dt, 'YYYY/MM/DD')
        to_char(nts, 'YYYY')
        to_char(ts, null)
        to_char(date_trunc('month', ts), 'YYYY-MM')
    """)


def precedence():
    yield from lines(r"""
        not i8 = 42
        not b and nb
        not b is null
        i8 + i4 || 'x'
        'x' || i8 + 1
        'x' || i4 || 'y' = 'x7y'
        j ->> 'a' = '1'
        j ->> 'a' || 'x'
        'x' || (j ->> 'a')
        j -> 'b' ->> 0 = '10'
        j -> 'b' -> 2 ->> 'c' like 'x%'
        i8 between 1 and 50 and b
        i8 not in (1, 2) and b
        i8 in (1, 2) or b
        t like 'H' || '%'
        t like 'H%' and b
        i8 > 1 = b
        i8 is null = b
        b = i8 is null
        -i4 + 1
        - i4 * 2
        -i4::text
        -7 % 4
        2 * 3 ^ 2
        i4 - -3
        i4 - - 3
        2 - 3 - 4
        100 / 10 / 5
        10 - 2 * 3 % 4
        true or true and false
        (true or true) and false
        i8::text || 'x'
        1 + 2::text::integer
        ts - interval '1 day' < ts
        case when b then 1 else 2 end + 1
        i8 = 42 is true
        i8 + 1 is not null
        i8 = any(ai) or b
        i8 <> 42 or nb
        not not b
        - (2)
        - (-2)
        +i4
        (j -> 'b') -> 0
        array[1,2] || 3
        i8 = 42 = true
        nb is distinct from b = false
        1 < 2 and 2 < 3
        'a' < 'b' and b
        i4 * n + d
        i4 + 1 > n - 5 or t || 'x' = 'x'
        date '2026-01-01' + 1 > dt
        n::integer % 5
        sqrt(n)
        sqrt(2.0)
        2 ^ 0.5
        exp(1.0)
        ln(n)
        log(100.0)
        log(2, 8)
        power(n, 2)
        sqrt(i4)
        exp(i4)
        power(i4, i8)
        sqrt('4')
    """)


class Nested:
    """Random expressions, typed so that most of them make sense."""

    COLUMNS = {"bool": ["b", "nb"], "int": ["i4", "i8", "ni8", "ni4"], "numeric": ["n", "nn"], "double": ["d", "nd"],
               "text": ["t", "nt"], "time": ["ts", "nts"], "date": ["dt", "ndt"], "interval": ["iv", "niv"], "json": ["j", "nj"],
               "array": ["ai", "nai"], "texts": ["at", "nat"]}
    LITERALS = {"bool": ["true", "false", "null"], "int": ["0", "1", "-3", "100", "7::bigint"], "numeric": ["1.5", "-0.25", "100.00", "0.1"],
                "double": ["0.5::float8", "-2::float8", "1e10::float8"], "text": ["'abc'", "''", "'7'", "'Ünï'", "'a,b'"],
                "time": ["timestamptz '2024-02-29 12:00:00+00'"], "date": ["date '2025-12-31'"],
                "interval": ["interval '1 day'", "interval '-1 mon 2:30'"], "json": ["'{\"a\":5,\"b\":[1,2]}'::json"],
                "array": ["array[1,2]", "'{5}'::bigint[]"], "texts": ["array['a','b']"]}
    RULES = {
        "bool": ["{any} {cmp} {any}", "{number} {cmp} {number}", "{text} {cmp} {text}", "{time} {cmp} {date}", "not {bool}", "{bool} and {bool}",
                 "{bool} or {bool}", "{any} is null", "{bool} is not true", "{number} between {number} and {number}", "{int} in ({int}, {number}, {int})",
                 "{text} like {text} || '%'", "{text} in ({text}, 'abc')", "{number} is distinct from {number}", "starts_with({text}, {text})",
                 "{int} = any({array})", "{array} @> {array}", "{text} ilike '%B%'", "({number})::integer::boolean", "{interval} {cmp} {interval}"],
        "int": ["{int} + {int}", "{int} - {int}", "{int} * {int}", "{int} / {int}", "{int} % {int}", "- {int}", "length({text})", "abs({int})",
                "({number})::bigint", "({double})::integer", "coalesce({int}, {int})", "case when {bool} then {int} else {int} end",
                "position({text} in {text})", "{date} - {date}", "json_array_length({json} -> 'b')", "({json} ->> 'a')::integer",
                "cardinality({array})", "greatest({int}, {int})", "nullif({int}, {int})", "({array})[{int}]", "extract(year from {time})::integer",
                "ascii({text})", "sign({number})::integer", "array_length({array}, 1)", "array_position({array}, {int})"],
        "numeric": ["{numeric} + {number}", "{numeric} - {number}", "{numeric} * {int}", "{numeric} / {int}", "{numeric} % {numeric}", "- {numeric}",
                    "round({numeric}, 2)", "trunc({numeric}, 1)", "round({numeric})", "abs({numeric})", "({int})::numeric", "({numeric})::numeric(12,3)",
                    "coalesce({numeric}, {int})", "case when {bool} then {numeric} else {int} end", "greatest({numeric}, {int}, {numeric})",
                    "least({int}, {numeric})", "extract(epoch from {time})", "extract(day from {date})", "ceil({numeric})", "floor({numeric})",
                    "mod({numeric}, {int})", "div({numeric}, {int})", "({json} ->> 'd')::numeric", "nullif({numeric}, {int})", "{int} / {numeric}"],
        "double": ["{double} + {number}", "{double} * {number}", "{double} / {number}", "- {double}", "({number})::double precision", "round({double})",
                   "sqrt({double})", "floor({double})", "coalesce({double}, {number})", "date_part('hour', {time})", "abs({double})",
                   "case when {bool} then {double} else {number} end", "trunc({double})", "ceil({double})"],
        "text": ["{text} || {text}", "{text} || {scalar}", "{scalar}::text", "lower({text})", "upper({text})", "trim({text})", "substr({text}, {int}, 3)",
                 "left({text}, 3)", "right({text}, -1)", "replace({text}, {text}, 'x')", "split_part({text}, ',', 1)", "concat({scalar}, {scalar})",
                 "concat_ws('-', {scalar}, {text})", "lpad({text}, 5, '*')", "reverse({text})", "coalesce({text}, {text})", "initcap({text})",
                 "case when {bool} then {text} else {text} end", "{json} ->> 's'", "{json} #>> '{{b,0}}'", "nullif({text}, {text})",
                 "array_to_string({texts}, ',')", "({texts})[1]", "json_typeof({json})", "greatest({text}, {text})", "translate({text}, 'abc', 'x')"],
        "time": ["{time} + {interval}", "{time} - {interval}", "date_trunc('month', {time})", "date_trunc('hour', {time})", "({date})::timestamptz",
                 "coalesce({time}, {date})", "case when {bool} then {time} else {date} end", "greatest({time}, {time})", "{interval} + {time}"],
        "date": ["{date} + 7", "{date} - 30", "({time})::date", "coalesce({date}, {date})", "make_date(2026, 2, 3)", "least({date}, {date})"],
        "interval": ["{interval} + {interval}", "{time} - {time}", "{interval} * 2", "{interval} / 3", "- {interval}", "{number} * interval '1 hour'",
                     "coalesce({interval}, {interval})", "justify_hours({interval})"],
        "json": ["json_build_object('k', {any}, 'l', {any})", "json_build_array({any}, {any})", "to_json({column})", "{json} -> 'b'",
                 "{json} -> 'a'", "coalesce({json}, {json})", "case when {bool} then {json} end", "{json} #> '{{b,2}}'"],
        "array": ["array[{int}, {int}]", "{array} || {int}::bigint", "array_append({array}, {int})", "coalesce({array}, {array})", "array_remove({array}, {int})",
                  "array_cat({array}, {array})"],
        "texts": ["array[{text}, {text}]", "string_to_array({text}, ',')", "coalesce({texts}, {texts})", "{texts} || {texts}"],
    }

    def __init__(self, seed):
        self.random = random.Random(seed)

    def expression(self, ty, depth):
        if ty == "number":
            ty = self.random.choice(["int", "numeric", "double"])
        if ty == "any":
            ty = self.random.choice(list(self.RULES))
        if ty == "scalar":
            ty = self.random.choice([ty for ty in self.RULES if ty != "json"])
        if ty == "column":
            return self.random.choice([column for columns in self.COLUMNS.values() for column in columns])
        if ty == "cmp":
            return self.random.choice(["=", "<>", "<", ">="])
        if depth == 0:
            return self.random.choice(self.COLUMNS[ty] * 2 + self.LITERALS[ty])
        rule = self.random.choice(self.RULES[ty])
        return self.filled(rule, depth - 1)

    def filled(self, rule, depth):
        out, rest = [], rule
        while "{" in rest:
            before, rest = rest.split("{", 1)
            if rest.startswith("{"):
                inside, rest = rest[1:].split("}}", 1)
                out.append(f"{before}{{{inside}}}")
                continue
            ty, rest = rest.split("}", 1)
            inner = self.expression(ty, depth if self.random.random() < 0.7 else 0)
            out.append(before + (inner if " " not in inner or ty == "cmp" else f"({inner})"))
        return "".join(out) + rest


def nested():
    source = Nested(20260101)
    for _ in range(3000):
        yield source.expression("any", source.random.choice([1, 2, 2, 3]))


ROWS = """
    (1, 1, 10::bigint, 1.50, 0.1::float8, 'b', true, timestamptz '2026-01-02 00:00+00', date '2026-01-02', interval '1 day', '{"x":1}'::json, 'g'),
    (2, 2, 20, 2.25, 0.2, 'a', null, '2026-01-01 00:00+00', '2026-01-01', '1 month', '[1]', 'g'),
    (3, null, null, null, null, null, null, null, null, null, null, 'h'),
    (4, 2, 9223372036854775807, 100.000, 0.3, 'B', true, '2026-01-01 00:00+00', '2025-12-31', '30 days', '"s"', 'h'),
    (5, -7, 10, -0.125, 1e10, 'ä', false, '2024-02-29 10:30+00', '2024-02-29', '-3 hours', 'null', 'g'),
    (6, 2147483647, -4, 2.250, -0.5, 'a', true, '2030-01-01 00:00+00', null, '2 mons 5 days', '5', 'i')
"""


def aggregates():
    columns = ["i4", "i8", "n", "d", "t", "b", "ts", "dt", "iv", "j", "g"]
    yield from cross("{}({})", ["count", "sum", "avg", "min", "max", "bool_and", "bool_or", "every", "json_agg"], columns)
    yield from cross("array_agg({})", [column for column in columns if column not in ("iv", "j")])
    yield from cross("{}(distinct {})", ["count", "sum", "avg", "array_agg", "json_agg", "max"], ["i4", "n", "d", "t", "b", "ts", "g"])
    yield from cross("{}({}) filter (where {})", ["count", "sum", "avg", "min", "array_agg"], ["i4", "n", "d"], ["k > 2", "false", "b", "n > 50"])
    yield from cross("{}({} order by {})", ["array_agg", "json_agg"], ["t", "k"],
                     ["t", "t desc", "t nulls first", "t desc nulls last", "n desc", "g, k desc", "iv", "b desc, k", "ts nulls first", "length(t), t"])
    yield from lines("""
        count(*)
        count(*) filter (where b)
        count(*) + 1
        count(distinct g)
        count(distinct n)
        sum(i4 * n)
        sum(n) / count(n)
        sum(i4 + 1)
        sum(i4 * 2)
        sum(i4::bigint)
        sum(n::integer)
        sum(1)
        sum(1.5)
        avg(1)
        sum(case when b then n else 0 end)
        coalesce(sum(n) filter (where false), 0)
        round(avg(n), 2)
        round(avg(i8), 3)
        avg(n) filter (where k in (1, 2))
        sum(n) filter (where k = 4)
        avg(i4) filter (where k < 4)
        max(n) - min(n)
        max(length(t))
        min(t) || max(t)
        max(array[i4, 1])
        string_agg(t, ',')
        string_agg(t, ',' order by t)
        string_agg(t, ',' order by k desc)
        string_agg(distinct t, ',')
        string_agg(distinct g, ', ' order by g desc)
        string_agg(t, null)
        string_agg(t, g)
        string_agg(i4::text, '-')
        string_agg(i4, '-')
        string_agg(t, ',') filter (where false)
        json_agg(json_build_object('k', k, 't', t) order by k)
        json_agg(json_build_object('k', k) order by k) filter (where b)
        json_agg(n) filter (where false)
        json_object_agg(k, t)
        json_object_agg(g, k)
        json_object_agg(ts, k) filter (where ts is not null)
        json_object_agg(b, k) filter (where b is not null)
        json_object_agg(t, k)
        json_object_agg(k, n order by k desc)
        json_object_agg(n, d) filter (where n > 1)
        (array_agg(t order by k desc))[1]
        array_length(array_agg(k), 1)
        bool_and(i4 > -10)
        bool_or(n > 1000)
        count(distinct *)
        sum(100 / (k - 4)) filter (where k <> 4)
        sum(100 / (k - 4)) filter (where k < 4) + count(*)
        sum(100 / (k - 4))
        string_agg(t, ',' order by 100 / (k - 4)) filter (where k <> 4)
        count(distinct 100 / (k - 4)) filter (where k > 4)
        json_agg((100 / (k - 4))::text order by k) filter (where k <> 4)
        avg(case when k < 3 then 50000000000000000000000000000 end)
        avg(case when k < 3 then 50000000000000000000000000001 - k else 0 end)
        sum(case when k < 3 then 1e308::float8 when k = 3 then 'NaN' end)
        avg(case when k < 3 then 1e308::float8 when k = 3 then 'NaN' end)
        sum(case when k < 3 then 1e308::float8 when k = 3 then '-Infinity' end)
        sum(case when k = 1 then 'Infinity'::float8 else 1e308 end)
        sum(case when k = 1 then 'Infinity'::float8 when k = 2 then '-Infinity' else 1 end)
        sum(case when k = 1 then 'NaN'::float8 else 1e308 end)
        avg(case when k < 3 then 1e308::float8 else -1e308 end)
        avg(case when k = 1 then 1e200::float8 else -1e200 end)
        sum(case when k = 1 then 1e200::float8 else -1e200 end)
        avg(case when k = 1 then 'Infinity'::float8 when k = 2 then 1e200 else 1 end)
        avg(case when k = 2 then 'NaN'::float8 else 1e200 end)
        avg(case when k = 1 then 'NaN'::float8 when k = 2 then 1e200 else -1e200 end)
        sum(null)
        sum('1')
        count('x')
        count(null)
        min('x')
        array_agg(null)
        json_agg(null)
        json_agg('x')
        sum(t)
        avg(b)
        sum()
        count()
        max(j)
        min(b)
        sum(d) filter (where k < 5)
        sum(d * 1e308)
        array_agg(distinct t order by t desc)
        sum(distinct n)
        avg(distinct i4)
    """)


def outcomes(expressions, psql, aggregated):
    columns = ", ".join(f"{value} AS {name}" for name, value in SAMPLE.items())
    names = "k, i4, i8, n, d, t, b, ts, dt, iv, j, g"
    script = ["SET timezone = 'UTC';", f"CREATE TEMP TABLE sample AS SELECT {columns};",
              f"CREATE TEMP TABLE rows AS SELECT * FROM (VALUES {ROWS}) AS rows ({names});", "\\set VERBOSITY terse"]
    source = "(SELECT * FROM rows ORDER BY k) AS ordered" if aggregated else "sample"
    for number, expression in enumerate(expressions):
        script.append(f"\\echo @@{number}")
        script.append(f"SELECT pg_typeof(x)::text || E'\\t' || coalesce((row_to_json(r) -> 'x')::text, '') "
                      f"FROM (SELECT {expression} AS x FROM {source}) r;".replace("E'\\\\t'", "E'\\t'"))
    run = subprocess.run(["psql", "-X", "-q", "-A", "-t", *psql], input="\n".join(script), text=True, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, check=True, env={"PGOPTIONS": "-c client_min_messages=error", "PATH": "/usr/bin:/bin"})
    for number, part in enumerate(run.stdout.split("@@")[1:]):
        yield part.removeprefix(f"{number}\n").removesuffix("\n")


FAMILIES = [extras, aggregates, formats, nested, precedence, arithmetic, comparison, logic, text, numeric, casts, time, json, arrays]


def main(psql):
    for family in FAMILIES:
        expressions = list(dict.fromkeys(family()))
        with open(HERE / f"{family.__name__}.txt", "w") as golden:
            for expression, outcome in zip(expressions, outcomes(expressions, psql, family is aggregates), strict=True):
                if "ERROR:" in outcome:
                    outcome = "ERROR\t" + outcome.split("ERROR:")[1].strip().split(" at character")[0].split("\n")[0]
                golden.write(f"{expression.replace(chr(9), '␉')}\t{outcome}\n".replace("\n", " ").rstrip(" ") + "\n")


main(sys.argv[1:])
