-- How much there is, up to a bound: to count what is more would read it all.

-- name: census
-- params: most int
-- returns: waiting bigint, taken bigint, to_push bigint, to_pull bigint
SELECT
    (SELECT count(*) FROM (SELECT 1 AS one FROM message WHERE state = 0 LIMIT :most) AS w) AS waiting,
    (SELECT count(*) FROM (SELECT 1 AS one FROM message WHERE state > 0 LIMIT :most) AS t) AS taken,
    (SELECT count(*) FROM (SELECT 1 AS one FROM report WHERE webhook IS NOT NULL LIMIT :most) AS h) AS to_push,
    (SELECT count(*) FROM (SELECT 1 AS one FROM report WHERE webhook IS NULL LIMIT :most) AS l) AS to_pull
