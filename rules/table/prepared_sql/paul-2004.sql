-- sha256:cd476886c53eec264b90205790c572b4dce93eb7f109b200233439c53173a2dc, format 1
SELECT
  "t5"."__own",
  CASE
    WHEN (
      "t5"."__fact_0" < 1
    )
    OR (
      "t5"."__fact_1" < 1
    )
    OR (
      "t5"."__fact_2" < 1
    )
    THEN 0
    ELSE "t5"."__fact_2"
  END AS "__fact_2",
  "t5"."__fact_0",
  "t5"."__fact_1",
  CASE WHEN "t5"."__rule_17" <> 0 THEN 1 ELSE 0 END AS "__dominant_explanations_0",
  CASE WHEN "t5"."__rule_19" <> 0 THEN 1 ELSE 0 END AS "__notes_0",
  CASE WHEN "t5"."__rule_18" <> 0 THEN 2 ELSE 0 END AS "__notes_1",
  CASE WHEN "t5"."__rule_20" <> 0 THEN 4 ELSE 0 END AS "__notes_2",
  CASE WHEN (
    "t5"."__word_0" & 4096
  ) <> 0 THEN 1 ELSE 0 END AS "__contested_0",
  CASE WHEN (
    "t5"."__word_0" & 65536
  ) <> 0 THEN 2 ELSE 0 END AS "__contested_1",
  CASE WHEN (
    "t5"."__word_0" & 1048576
  ) <> 0 THEN 4 ELSE 0 END AS "__contested_2",
  CASE WHEN (
    "t5"."__word_0" & 16777216
  ) <> 0 THEN 8 ELSE 0 END AS "__contested_3",
  CASE WHEN (
    "t5"."__word_0" & 268435456
  ) <> 0 THEN 16 ELSE 0 END AS "__contested_4",
  CASE WHEN (
    "t5"."__word_0" & 4294967296
  ) <> 0 THEN 32 ELSE 0 END AS "__contested_5",
  CASE WHEN (
    "t5"."__word_0" & 68719476736
  ) <> 0 THEN 1 ELSE 0 END AS "__contested_6",
  CASE WHEN (
    "t5"."__word_0" & 1099511627776
  ) <> 0 THEN 2 ELSE 0 END AS "__contested_7",
  CASE WHEN (
    "t5"."__word_0" & 17592186044416
  ) <> 0 THEN 4 ELSE 0 END AS "__contested_8",
  CASE WHEN (
    "t5"."__word_0" & 281474976710656
  ) <> 0 THEN 8 ELSE 0 END AS "__contested_9",
  CASE WHEN (
    "t5"."__word_0" & 4503599627370496
  ) <> 0 THEN 16 ELSE 0 END AS "__contested_10",
  CASE WHEN (
    "t5"."__word_0" & 72057594037927936
  ) <> 0 THEN 32 ELSE 0 END AS "__contested_11",
  CASE WHEN (
    "t5"."__word_0" & 1152921504606846976
  ) <> 0 THEN 1 ELSE 0 END AS "__contested_12",
  CASE WHEN (
    "t5"."__word_1" & 8
  ) <> 0 THEN 2 ELSE 0 END AS "__contested_13",
  CASE WHEN (
    "t5"."__word_1" & 128
  ) <> 0 THEN 4 ELSE 0 END AS "__contested_14",
  CASE WHEN (
    "t5"."__word_1" & 2048
  ) <> 0 THEN 8 ELSE 0 END AS "__contested_15",
  CASE WHEN (
    "t5"."__word_1" & 32768
  ) <> 0 THEN 16 ELSE 0 END AS "__contested_16",
  CASE WHEN (
    "t5"."__word_1" & 524288
  ) <> 0 THEN 32 ELSE 0 END AS "__contested_17",
  CASE WHEN (
    "t5"."__word_1" & 8388608
  ) <> 0 THEN 1 ELSE 0 END AS "__contested_18",
  CASE WHEN (
    "t5"."__word_1" & 134217728
  ) <> 0 THEN 2 ELSE 0 END AS "__contested_19",
  CASE WHEN (
    "t5"."__word_1" & 2147483648
  ) <> 0 THEN 4 ELSE 0 END AS "__contested_20",
  CASE WHEN (
    "t5"."__word_1" & 34359738368
  ) <> 0 THEN 8 ELSE 0 END AS "__contested_21",
  CASE WHEN (
    "t5"."__word_1" & 549755813888
  ) <> 0 THEN 16 ELSE 0 END AS "__contested_22",
  "t5"."__rule_17",
  "t5"."__rule_18",
  "t5"."__rule_19",
  "t5"."__rule_20"
FROM (
  SELECT
    "t4"."__own",
    "t4"."__word_0",
    "t4"."__word_1",
    "t4"."__fact_0",
    "t4"."__fact_1",
    "t4"."__fact_2",
    CASE WHEN (
      "t4"."__word_1" & 105553116266496
    ) <> 0 THEN 6 ELSE 0 END AS "__rule_17",
    CASE WHEN (
      "t4"."__word_1" & 3758096384
    ) = 0 THEN 12 ELSE 0 END AS "__rule_18",
    CASE WHEN (
      "t4"."__word_1" & 60129542144
    ) = 0 THEN 24 ELSE 0 END AS "__rule_19",
    CASE WHEN (
      "t4"."__word_0" & 1536
    ) = 0 THEN 1 ELSE 0 END AS "__rule_20"
  FROM (
    SELECT
      "t3"."__own",
      "t3"."__word_0",
      "t3"."__word_1" | CASE
        WHEN "t3"."__fact_2" = 1
        THEN 8796093022208
        WHEN "t3"."__fact_2" = 2
        THEN 17592186044416
        WHEN "t3"."__fact_2" = 3
        THEN 140737488355328
        WHEN "t3"."__fact_2" = 4
        THEN 70368744177664
        WHEN "t3"."__fact_2" = 5
        THEN 35184372088832
        ELSE 0
      END AS "__word_1",
      "t3"."__fact_0",
      "t3"."__fact_1",
      "t3"."__fact_2"
    FROM (
      SELECT
        "t2"."__own",
        "t2"."__word_0",
        "t2"."__word_1",
        "t2"."__fact_0",
        "t2"."__fact_1",
        CASE
          WHEN (
            "t2"."__word_0" & 6656
          ) = 0
          THEN 1
          WHEN (
            (
              "t2"."__word_1" & 2199023255552
            ) <> 0
          )
          AND (
            (
              "t2"."__word_0" & 1024
            ) = 0
          )
          THEN 2
          WHEN (
            (
              "t2"."__word_1" & 4398046511104
            ) <> 0
          )
          AND (
            (
              "t2"."__word_0" & 1024
            ) = 0
          )
          THEN 3
          WHEN (
            (
              "t2"."__word_1" & 1099511627776
            ) <> 0
          )
          AND (
            (
              "t2"."__word_0" & 1532
            ) = 0
          )
          THEN 4
          WHEN (
            (
              "t2"."__word_1" & 1099511627776
            ) <> 0
          )
          AND (
            (
              "t2"."__word_0" & 1027
            ) = 0
          )
          THEN 5
          ELSE 0
        END AS "__fact_2"
      FROM (
        SELECT
          "t1"."__own",
          "t1"."__word_0",
          "t1"."__word_1" | CASE
            WHEN "t1"."__fact_1" = 10
            THEN 1099511627776
            WHEN "t1"."__fact_1" = 20
            THEN 2199023255552
            WHEN "t1"."__fact_1" = 30
            THEN 4398046511104
            ELSE 0
          END AS "__word_1",
          "t1"."__fact_0",
          "t1"."__fact_1"
        FROM (
          SELECT
            "t0"."__own",
            "t0"."__word_0",
            "t0"."__word_1",
            CASE
              WHEN (
                "t0"."__word_0" & 510
              ) = 0
              THEN 1
              WHEN (
                "t0"."__word_0" & 509
              ) = 0
              THEN 2
              WHEN (
                "t0"."__word_0" & 507
              ) = 0
              THEN 3
              WHEN (
                "t0"."__word_0" & 503
              ) = 0
              THEN 4
              WHEN (
                "t0"."__word_0" & 495
              ) = 0
              THEN 5
              WHEN (
                "t0"."__word_0" & 479
              ) = 0
              THEN 6
              WHEN (
                "t0"."__word_0" & 447
              ) = 0
              THEN 7
              WHEN (
                "t0"."__word_0" & 383
              ) = 0
              THEN 8
              WHEN (
                "t0"."__word_0" & 255
              ) = 0
              THEN 9
              ELSE 0
            END AS "__fact_0",
            CASE
              WHEN (
                "t0"."__word_0" & 31195136
              ) = 0
              THEN 10
              WHEN (
                "t0"."__word_0" & 4456448
              ) <> 0
              THEN 20
              WHEN (
                (
                  "t0"."__word_0" & 26738688
                ) <> 0
              )
              AND (
                (
                  "t0"."__word_0" & 4456448
                ) = 0
              )
              THEN 30
              ELSE 0
            END AS "__fact_1"
          FROM "__source" AS "t0"
        ) AS "t1"
      ) AS "t2"
    ) AS "t3"
  ) AS "t4"
) AS "t5"