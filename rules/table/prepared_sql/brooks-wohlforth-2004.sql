-- sha256:33a763b13046eee3c6a764451b78ee0cbb6de60745cbda584b3f094deeee1031, format 1
SELECT
  "t9"."__own",
  CASE
    WHEN (
      "t9"."__fact_0" < 1
    )
    OR (
      "t9"."__fact_1" < 1
    )
    OR (
      "t9"."__fact_2" < 1
    )
    OR (
      "t9"."__fact_3" < 1
    )
    OR (
      "t9"."__fact_4" < 0
    )
    OR (
      "t9"."__fact_6" < 1
    )
    OR (
      "t9"."__fact_7" < 1
    )
    OR (
      "t9"."__fact_8" < 1
    )
    OR (
      "t9"."__fact_9" < 1
    )
    OR (
      "t9"."__fact_10" < 1
    )
    THEN 0
    ELSE "t9"."__fact_10"
  END AS "__fact_10",
  "t9"."__fact_0",
  "t9"."__fact_7",
  "t9"."__fact_8",
  "t9"."__fact_9",
  "t9"."__fact_1",
  "t9"."__fact_2",
  "t9"."__fact_3",
  CASE WHEN "t9"."__rule_56" <> 0 THEN 1 WHEN "t9"."__rule_60" <> 0 THEN 1 ELSE 0 END AS "__dominant_explanations_0",
  CASE
    WHEN "t9"."__rule_52" <> 0
    THEN 2
    WHEN "t9"."__rule_55" <> 0
    THEN 2
    WHEN "t9"."__rule_59" <> 0
    THEN 2
    ELSE 0
  END AS "__dominant_explanations_1",
  CASE
    WHEN "t9"."__rule_50" <> 0
    THEN 4
    WHEN "t9"."__rule_53" <> 0
    THEN 4
    WHEN "t9"."__rule_57" <> 0
    THEN 4
    ELSE 0
  END AS "__dominant_explanations_2",
  CASE
    WHEN "t9"."__rule_51" <> 0
    THEN 8
    WHEN "t9"."__rule_54" <> 0
    THEN 8
    WHEN "t9"."__rule_58" <> 0
    THEN 8
    ELSE 0
  END AS "__dominant_explanations_3",
  CASE WHEN "t9"."__rule_64" <> 0 THEN 1 ELSE 0 END AS "__notes_0",
  CASE
    WHEN "t9"."__rule_23" <> 0
    THEN 2
    WHEN "t9"."__rule_65" <> 0
    THEN 2
    WHEN "t9"."__rule_66" <> 0
    THEN 2
    WHEN "t9"."__rule_67" <> 0
    THEN 2
    ELSE 0
  END AS "__notes_1",
  CASE WHEN "t9"."__rule_63" <> 0 THEN 4 ELSE 0 END AS "__notes_2",
  CASE WHEN "t9"."__rule_61" <> 0 THEN 8 ELSE 0 END AS "__notes_3",
  CASE WHEN "t9"."__rule_62" <> 0 THEN 16 ELSE 0 END AS "__notes_4",
  CASE WHEN "t9"."__rule_68" <> 0 THEN 32 ELSE 0 END AS "__notes_5",
  CASE WHEN (
    "t9"."__word_0" & 4096
  ) <> 0 THEN 1 ELSE 0 END AS "__contested_0",
  CASE WHEN (
    "t9"."__word_0" & 65536
  ) <> 0 THEN 2 ELSE 0 END AS "__contested_1",
  CASE WHEN (
    "t9"."__word_0" & 1048576
  ) <> 0 THEN 4 ELSE 0 END AS "__contested_2",
  CASE WHEN (
    "t9"."__word_0" & 16777216
  ) <> 0 THEN 8 ELSE 0 END AS "__contested_3",
  CASE WHEN (
    "t9"."__word_0" & 268435456
  ) <> 0 THEN 16 ELSE 0 END AS "__contested_4",
  CASE WHEN (
    "t9"."__word_0" & 4294967296
  ) <> 0 THEN 32 ELSE 0 END AS "__contested_5",
  CASE WHEN (
    "t9"."__word_0" & 68719476736
  ) <> 0 THEN 1 ELSE 0 END AS "__contested_6",
  CASE WHEN (
    "t9"."__word_0" & 1099511627776
  ) <> 0 THEN 2 ELSE 0 END AS "__contested_7",
  CASE WHEN (
    "t9"."__word_0" & 17592186044416
  ) <> 0 THEN 4 ELSE 0 END AS "__contested_8",
  CASE WHEN (
    "t9"."__word_0" & 281474976710656
  ) <> 0 THEN 8 ELSE 0 END AS "__contested_9",
  CASE WHEN (
    "t9"."__word_0" & 4503599627370496
  ) <> 0 THEN 16 ELSE 0 END AS "__contested_10",
  CASE WHEN (
    "t9"."__word_0" & 72057594037927936
  ) <> 0 THEN 32 ELSE 0 END AS "__contested_11",
  CASE WHEN (
    "t9"."__word_0" & 1152921504606846976
  ) <> 0 THEN 1 ELSE 0 END AS "__contested_12",
  CASE WHEN (
    "t9"."__word_1" & 8
  ) <> 0 THEN 2 ELSE 0 END AS "__contested_13",
  CASE WHEN (
    "t9"."__word_1" & 128
  ) <> 0 THEN 4 ELSE 0 END AS "__contested_14",
  CASE WHEN (
    "t9"."__word_1" & 2048
  ) <> 0 THEN 8 ELSE 0 END AS "__contested_15",
  CASE WHEN (
    "t9"."__word_1" & 32768
  ) <> 0 THEN 16 ELSE 0 END AS "__contested_16",
  CASE WHEN (
    "t9"."__word_1" & 524288
  ) <> 0 THEN 32 ELSE 0 END AS "__contested_17",
  CASE WHEN (
    "t9"."__word_1" & 8388608
  ) <> 0 THEN 1 ELSE 0 END AS "__contested_18",
  CASE WHEN (
    "t9"."__word_1" & 134217728
  ) <> 0 THEN 2 ELSE 0 END AS "__contested_19",
  CASE WHEN (
    "t9"."__word_1" & 2147483648
  ) <> 0 THEN 4 ELSE 0 END AS "__contested_20",
  CASE WHEN (
    "t9"."__word_1" & 34359738368
  ) <> 0 THEN 8 ELSE 0 END AS "__contested_21",
  CASE WHEN (
    "t9"."__word_1" & 549755813888
  ) <> 0 THEN 16 ELSE 0 END AS "__contested_22",
  "t9"."__fact_4",
  "t9"."__rule_23",
  "t9"."__fact_6",
  "t9"."__rule_50",
  "t9"."__rule_51",
  "t9"."__rule_52",
  "t9"."__rule_53",
  "t9"."__rule_54",
  "t9"."__rule_55",
  "t9"."__rule_56",
  "t9"."__rule_57",
  "t9"."__rule_58",
  "t9"."__rule_59",
  "t9"."__rule_60",
  "t9"."__rule_61",
  "t9"."__rule_62",
  "t9"."__rule_63",
  "t9"."__rule_64",
  "t9"."__rule_65",
  "t9"."__rule_66",
  "t9"."__rule_67",
  "t9"."__rule_68"
FROM (
  SELECT
    "t8"."__own",
    "t8"."__word_0",
    "t8"."__word_1",
    "t8"."__fact_0",
    "t8"."__fact_1",
    "t8"."__fact_2",
    "t8"."__fact_3",
    "t8"."__rule_23",
    "t8"."__fact_4",
    "t8"."__fact_6",
    "t8"."__fact_7",
    "t8"."__fact_8",
    "t8"."__fact_9",
    "t8"."__word_2",
    "t8"."__fact_10",
    CASE
      WHEN (
        (
          "t8"."__word_2" & 16
        ) <> 0
      )
      AND (
        (
          "t8"."__word_1" & 1099511627776
        ) <> 0
      )
      THEN 13
      ELSE 0
    END AS "__rule_50",
    CASE
      WHEN (
        (
          "t8"."__word_2" & 16
        ) <> 0
      )
      AND (
        (
          "t8"."__word_1" & 17592186044416
        ) <> 0
      )
      THEN 26
      ELSE 0
    END AS "__rule_51",
    CASE
      WHEN (
        (
          "t8"."__word_2" & 16
        ) <> 0
      )
      AND (
        (
          "t8"."__word_1" & 281474976710656
        ) <> 0
      )
      THEN 1
      ELSE 0
    END AS "__rule_52",
    CASE
      WHEN (
        (
          "t8"."__word_2" & 16
        ) <> 0
      )
      AND (
        (
          "t8"."__word_1" & 2199023255552
        ) <> 0
      )
      AND (
        (
          "t8"."__word_1" & 246290604621824
        ) <> 0
      )
      AND (
        (
          "t8"."__word_1" & 3940649673949184
        ) <> 0
      )
      THEN 2
      ELSE 0
    END AS "__rule_53",
    CASE
      WHEN (
        (
          "t8"."__word_2" & 16
        ) <> 0
      )
      AND (
        (
          "t8"."__word_1" & 35184372088832
        ) <> 0
      )
      AND (
        (
          "t8"."__word_1" & 15393162788864
        ) <> 0
      )
      AND (
        (
          "t8"."__word_1" & 3940649673949184
        ) <> 0
      )
      THEN 4
      ELSE 0
    END AS "__rule_54",
    CASE
      WHEN (
        (
          "t8"."__word_2" & 16
        ) <> 0
      )
      AND (
        (
          "t8"."__word_1" & 562949953421312
        ) <> 0
      )
      AND (
        (
          "t8"."__word_1" & 15393162788864
        ) <> 0
      )
      AND (
        (
          "t8"."__word_1" & 246290604621824
        ) <> 0
      )
      THEN 8
      ELSE 0
    END AS "__rule_55",
    CASE WHEN (
      "t8"."__word_2" & 32
    ) <> 0 THEN 16 ELSE 0 END AS "__rule_56",
    CASE
      WHEN (
        (
          "t8"."__word_2" & 32
        ) <> 0
      )
      AND (
        (
          "t8"."__word_1" & 2199023255552
        ) <> 0
      )
      THEN 32
      ELSE 0
    END AS "__rule_57",
    CASE
      WHEN (
        (
          "t8"."__word_2" & 32
        ) <> 0
      )
      AND (
        (
          "t8"."__word_1" & 35184372088832
        ) <> 0
      )
      THEN 1
      ELSE 0
    END AS "__rule_58",
    CASE
      WHEN (
        (
          "t8"."__word_2" & 32
        ) <> 0
      )
      AND (
        (
          "t8"."__word_1" & 562949953421312
        ) <> 0
      )
      THEN 2
      ELSE 0
    END AS "__rule_59",
    CASE WHEN (
      "t8"."__word_2" & 192
    ) <> 0 THEN 4 ELSE 0 END AS "__rule_60",
    CASE WHEN (
      "t8"."__word_1" & 3758096384
    ) = 0 THEN 8 ELSE 0 END AS "__rule_61",
    CASE
      WHEN (
        (
          "t8"."__word_0" & 537001984
        ) = 0
      )
      AND (
        (
          "t8"."__word_1" & 3758096384
        ) = 0
      )
      THEN 16
      ELSE 0
    END AS "__rule_62",
    CASE WHEN (
      "t8"."__word_1" & 60129542144
    ) = 0 THEN 32 ELSE 0 END AS "__rule_63",
    CASE
      WHEN (
        (
          "t8"."__word_1" & 4503599627370496
        ) <> 0
      )
      AND (
        (
          "t8"."__word_1" & 962072674304
        ) = 0
      )
      THEN 1
      ELSE 0
    END AS "__rule_64",
    CASE
      WHEN (
        (
          "t8"."__word_0" & 1990591035297759232
        ) = 0
      )
      AND (
        (
          "t8"."__word_1" & 14
        ) = 0
      )
      THEN 2
      ELSE 0
    END AS "__rule_65",
    CASE WHEN (
      "t8"."__word_1" & 60880
    ) = 0 THEN 4 ELSE 0 END AS "__rule_66",
    CASE WHEN (
      "t8"."__word_1" & 249364480
    ) = 0 THEN 8 ELSE 0 END AS "__rule_67",
    CASE WHEN (
      "t8"."__word_0" & 1536
    ) = 0 THEN 16 ELSE 0 END AS "__rule_68"
  FROM (
    SELECT
      "t7"."__own",
      "t7"."__word_0",
      "t7"."__word_1",
      "t7"."__fact_0",
      "t7"."__fact_1",
      "t7"."__fact_2",
      "t7"."__fact_3",
      "t7"."__rule_23",
      "t7"."__fact_4",
      "t7"."__fact_6",
      "t7"."__fact_7",
      "t7"."__fact_8",
      "t7"."__fact_9",
      "t7"."__word_2" | CASE
        WHEN "t7"."__fact_10" = 1
        THEN 8
        WHEN "t7"."__fact_10" = 2
        THEN 16
        WHEN "t7"."__fact_10" = 3
        THEN 256
        WHEN "t7"."__fact_10" = 4
        THEN 256
        WHEN "t7"."__fact_10" = 5
        THEN 256
        WHEN "t7"."__fact_10" = 6
        THEN 16
        WHEN "t7"."__fact_10" = 7
        THEN 32
        WHEN "t7"."__fact_10" = 8
        THEN 32
        WHEN "t7"."__fact_10" = 9
        THEN 64
        WHEN "t7"."__fact_10" = 10
        THEN 128
        WHEN "t7"."__fact_10" = 11
        THEN 64
        WHEN "t7"."__fact_10" = 12
        THEN 256
        ELSE 0
      END AS "__word_2",
      "t7"."__fact_10"
    FROM (
      SELECT
        "t6"."__own",
        "t6"."__word_0",
        "t6"."__word_1",
        "t6"."__fact_0",
        "t6"."__fact_1",
        "t6"."__fact_2",
        "t6"."__fact_3",
        "t6"."__rule_23",
        "t6"."__fact_4",
        "t6"."__fact_6",
        "t6"."__fact_7",
        "t6"."__fact_8",
        "t6"."__fact_9",
        "t6"."__word_2",
        CASE
          WHEN (
            "t6"."__word_0" & 6656
          ) = 0
          THEN 1
          WHEN (
            (
              "t6"."__word_1" & 648518346341351424
            ) <> 0
          )
          AND (
            (
              "t6"."__word_0" & 1024
            ) = 0
          )
          THEN 2
          WHEN (
            (
              "t6"."__word_1" & 180143985094819840
            ) <> 0
          )
          AND (
            (
              "t6"."__word_1" & 1441151880758558720
            ) <> 0
          )
          AND (
            (
              "t6"."__word_1" & 1297036692682702848
            ) <> 0
          )
          AND (
            (
              "t6"."__word_0" & 1024
            ) = 0
          )
          THEN 3
          WHEN (
            (
              "t6"."__word_1" & 36028797018963968
            ) <> 0
          )
          AND (
            (
              "t6"."__word_1" & 288230376151711744
            ) <> 0
          )
          AND (
            (
              "t6"."__word_2" & 4
            ) <> 0
          )
          AND (
            (
              "t6"."__word_0" & 1024
            ) = 0
          )
          THEN 4
          WHEN (
            (
              "t6"."__word_1" & 36028797018963968
            ) <> 0
          )
          AND (
            (
              "t6"."__word_1" & 288230376151711744
            ) <> 0
          )
          AND (
            (
              "t6"."__word_2" & 3
            ) <> 0
          )
          AND (
            (
              "t6"."__word_1" & 18014398509481984
            ) <> 0
          )
          AND (
            (
              "t6"."__word_0" & 1024
            ) = 0
          )
          THEN 5
          WHEN (
            (
              "t6"."__word_1" & 36028797018963968
            ) <> 0
          )
          AND (
            (
              "t6"."__word_1" & 288230376151711744
            ) <> 0
          )
          AND (
            (
              "t6"."__word_2" & 2
            ) <> 0
          )
          AND (
            (
              "t6"."__word_1" & 4503599627370496
            ) <> 0
          )
          AND (
            (
              "t6"."__word_0" & 1024
            ) = 0
          )
          THEN 6
          WHEN (
            (
              "t6"."__word_1" & 36028797018963968
            ) <> 0
          )
          AND (
            (
              "t6"."__word_1" & 288230376151711744
            ) <> 0
          )
          AND (
            (
              "t6"."__word_2" & 2
            ) <> 0
          )
          AND (
            (
              "t6"."__word_1" & 9007199254740992
            ) <> 0
          )
          AND (
            (
              "t6"."__word_0" & 1024
            ) = 0
          )
          THEN 7
          WHEN (
            (
              "t6"."__word_1" & 36028797018963968
            ) <> 0
          )
          AND (
            (
              "t6"."__word_1" & 288230376151711744
            ) <> 0
          )
          AND (
            (
              "t6"."__word_2" & 1
            ) <> 0
          )
          AND (
            (
              "t6"."__word_1" & 4503599627370496
            ) <> 0
          )
          AND (
            (
              "t6"."__word_0" & 1024
            ) = 0
          )
          THEN 8
          WHEN (
            (
              "t6"."__word_1" & 36028797018963968
            ) <> 0
          )
          AND (
            (
              "t6"."__word_1" & 288230376151711744
            ) <> 0
          )
          AND (
            (
              "t6"."__word_2" & 1
            ) <> 0
          )
          AND (
            (
              "t6"."__word_1" & 9007199254740992
            ) <> 0
          )
          AND (
            (
              "t6"."__word_0" & 1027
            ) = 0
          )
          THEN 9
          WHEN (
            (
              "t6"."__word_1" & 36028797018963968
            ) <> 0
          )
          AND (
            (
              "t6"."__word_1" & 288230376151711744
            ) <> 0
          )
          AND (
            (
              "t6"."__word_2" & 1
            ) <> 0
          )
          AND (
            (
              "t6"."__word_1" & 9007199254740992
            ) <> 0
          )
          AND (
            (
              "t6"."__word_0" & 469763580
            ) = 0
          )
          THEN 10
          WHEN (
            (
              "t6"."__word_1" & 36028797018963968
            ) <> 0
          )
          AND (
            (
              "t6"."__word_1" & 288230376151711744
            ) <> 0
          )
          AND (
            (
              "t6"."__word_2" & 1
            ) <> 0
          )
          AND (
            (
              "t6"."__word_1" & 9007199254740992
            ) <> 0
          )
          AND (
            (
              "t6"."__word_0" & 436209148
            ) = 0
          )
          THEN 11
          WHEN (
            (
              "t6"."__word_1" & 36028797018963968
            ) <> 0
          )
          AND (
            (
              "t6"."__word_1" & 288230376151711744
            ) <> 0
          )
          AND (
            (
              "t6"."__word_2" & 1
            ) <> 0
          )
          AND (
            (
              "t6"."__word_1" & 9007199254740992
            ) <> 0
          )
          AND (
            (
              "t6"."__word_0" & 100664828
            ) = 0
          )
          THEN 12
          ELSE 0
        END AS "__fact_10"
      FROM (
        SELECT
          "t5"."__own",
          "t5"."__word_0",
          "t5"."__word_1" | CASE
            WHEN "t5"."__fact_7" = 1
            THEN 36028797018963968
            WHEN "t5"."__fact_7" = 2
            THEN 72057594037927936
            WHEN "t5"."__fact_7" = 3
            THEN 144115188075855872
            ELSE 0
          END | CASE
            WHEN "t5"."__fact_8" = 4
            THEN 288230376151711744
            WHEN "t5"."__fact_8" = 8
            THEN 576460752303423488
            WHEN "t5"."__fact_8" = 12
            THEN 1152921504606846976
            ELSE 0
          END AS "__word_1",
          "t5"."__fact_0",
          "t5"."__fact_1",
          "t5"."__fact_2",
          "t5"."__fact_3",
          "t5"."__rule_23",
          "t5"."__fact_4",
          "t5"."__fact_6",
          "t5"."__fact_7",
          "t5"."__fact_8",
          "t5"."__fact_9",
          CASE
            WHEN "t5"."__fact_9" = 1
            THEN 1
            WHEN "t5"."__fact_9" = 2
            THEN 2
            WHEN "t5"."__fact_9" = 3
            THEN 2
            WHEN "t5"."__fact_9" = 4
            THEN 4
            WHEN "t5"."__fact_9" = 5
            THEN 4
            ELSE 0
          END AS "__word_2"
        FROM (
          SELECT
            "t4"."__own",
            "t4"."__word_0",
            "t4"."__word_1",
            "t4"."__fact_0",
            "t4"."__fact_1",
            "t4"."__fact_2",
            "t4"."__fact_3",
            "t4"."__rule_23",
            "t4"."__fact_4",
            "t4"."__fact_6",
            CASE
              WHEN (
                "t4"."__word_0" & 1941504
              ) = 0
              THEN 1
              WHEN (
                "t4"."__word_0" & 270336
              ) <> 0
              THEN 2
              WHEN (
                (
                  "t4"."__word_0" & 1671168
                ) <> 0
              )
              AND (
                (
                  "t4"."__word_0" & 270336
                ) = 0
              )
              THEN 3
              ELSE 0
            END AS "__fact_7",
            CASE
              WHEN (
                "t4"."__word_0" & 119185342464
              ) = 0
              THEN 4
              WHEN (
                "t4"."__word_0" & 9663676416
              ) <> 0
              THEN 8
              WHEN (
                (
                  "t4"."__word_0" & 109521666048
                ) <> 0
              )
              AND (
                (
                  "t4"."__word_0" & 9663676416
                ) = 0
              )
              THEN 12
              ELSE 0
            END AS "__fact_8",
            CASE
              WHEN (
                (
                  "t4"."__word_0" & 2336462209024
                ) <> 0
              )
              AND (
                (
                  "t4"."__word_0" & 7775746231631872
                ) = 0
              )
              THEN 1
              WHEN (
                "t4"."__word_0" & 598134325510144
              ) <> 0
              THEN 2
              WHEN (
                "t4"."__word_0" & 628508334227456
              ) = 0
              THEN 3
              WHEN (
                (
                  "t4"."__word_0" & 30374008717312
                ) <> 0
              )
              AND (
                (
                  "t4"."__word_0" & 7177611906121728
                ) <> 0
              )
              AND (
                (
                  "t4"."__word_0" & 598134325510144
                ) = 0
              )
              THEN 4
              WHEN (
                (
                  "t4"."__word_0" & 28037546508288
                ) <> 0
              )
              AND (
                (
                  "t4"."__word_0" & 7778082693840896
                ) = 0
              )
              THEN 5
              ELSE 0
            END AS "__fact_9"
          FROM (
            SELECT
              "t3"."__own",
              CASE
                WHEN "t3"."__fact_4" > 0
                THEN "t3"."__word_0" & -122881
                ELSE "t3"."__word_0"
              END | CASE WHEN "t3"."__fact_4" = 1 THEN 8192 WHEN "t3"."__fact_4" = 2 THEN 65536 ELSE 0 END AS "__word_0",
              "t3"."__word_1" | CASE
                WHEN "t3"."__fact_6" = 6
                THEN 4503599627370496
                WHEN "t3"."__fact_6" = 12
                THEN 9007199254740992
                WHEN "t3"."__fact_6" = 18
                THEN 18014398509481984
                ELSE 0
              END AS "__word_1",
              "t3"."__fact_0",
              "t3"."__fact_1",
              "t3"."__fact_2",
              "t3"."__fact_3",
              "t3"."__rule_23",
              "t3"."__fact_4",
              "t3"."__fact_6"
            FROM (
              SELECT
                "t2"."__own",
                "t2"."__word_0",
                "t2"."__word_1",
                "t2"."__fact_0",
                "t2"."__fact_1",
                "t2"."__fact_2",
                "t2"."__fact_3",
                CASE
                  WHEN (
                    (
                      "t2"."__word_1" & 300166674382848
                    ) <> 0
                  )
                  AND (
                    (
                      "t2"."__word_0" & 106496
                    ) = 0
                  )
                  THEN 3
                  ELSE 0
                END AS "__rule_23",
                CASE
                  WHEN (
                    (
                      "t2"."__word_1" & 300166674382848
                    ) <> 0
                  )
                  AND (
                    (
                      "t2"."__word_0" & 90112
                    ) = 0
                  )
                  THEN 1
                  WHEN (
                    (
                      "t2"."__word_1" & 300166674382848
                    ) <> 0
                  )
                  AND (
                    (
                      "t2"."__word_0" & 106496
                    ) = 0
                  )
                  THEN 2
                  ELSE 0
                END AS "__fact_4",
                CASE
                  WHEN (
                    "t2"."__word_1" & 900500023148544
                  ) <> 0
                  THEN 6
                  WHEN (
                    (
                      "t2"."__word_1" & 4398046511104
                    ) <> 0
                  )
                  AND (
                    (
                      "t2"."__word_1" & 70368744177664
                    ) <> 0
                  )
                  AND (
                    (
                      "t2"."__word_1" & 1125899906842624
                    ) <> 0
                  )
                  THEN 12
                  WHEN (
                    (
                      "t2"."__word_1" & 13194139533312
                    ) <> 0
                  )
                  AND (
                    (
                      "t2"."__word_1" & 211106232532992
                    ) <> 0
                  )
                  AND (
                    (
                      "t2"."__word_1" & 3377699720527872
                    ) <> 0
                  )
                  AND (
                    (
                      "t2"."__word_1" & 2401333395062784
                    ) <> 0
                  )
                  THEN 18
                  ELSE 0
                END AS "__fact_6"
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
                    WHEN "t1"."__fact_1" = 40
                    THEN 8796093022208
                    ELSE 0
                  END | CASE
                    WHEN "t1"."__fact_2" = 1
                    THEN 17592186044416
                    WHEN "t1"."__fact_2" = 2
                    THEN 35184372088832
                    WHEN "t1"."__fact_2" = 3
                    THEN 70368744177664
                    WHEN "t1"."__fact_2" = 4
                    THEN 140737488355328
                    ELSE 0
                  END | CASE
                    WHEN "t1"."__fact_3" = 5
                    THEN 281474976710656
                    WHEN "t1"."__fact_3" = 10
                    THEN 562949953421312
                    WHEN "t1"."__fact_3" = 15
                    THEN 1125899906842624
                    WHEN "t1"."__fact_3" = 20
                    THEN 2251799813685248
                    ELSE 0
                  END AS "__word_1",
                  "t1"."__fact_0",
                  "t1"."__fact_1",
                  "t1"."__fact_2",
                  "t1"."__fact_3"
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
                        (
                          "t0"."__word_0" & 153122387330596864
                        ) <> 0
                      )
                      AND (
                        (
                          "t0"."__word_1" & 14
                        ) = 0
                      )
                      THEN 10
                      WHEN (
                        (
                          "t0"."__word_0" & 153122387330596864
                        ) <> 0
                      )
                      AND (
                        (
                          "t0"."__word_1" & 1
                        ) = 0
                      )
                      THEN 20
                      WHEN (
                        "t0"."__word_0" & 1990591035297759232
                      ) = 0
                      THEN 30
                      WHEN (
                        (
                          "t0"."__word_0" & 1837468647967162368
                        ) <> 0
                      )
                      AND (
                        (
                          "t0"."__word_0" & 153122387330596864
                        ) = 0
                      )
                      THEN 40
                      ELSE 0
                    END AS "__fact_1",
                    CASE
                      WHEN (
                        (
                          "t0"."__word_1" & 272
                        ) <> 0
                      )
                      AND (
                        (
                          "t0"."__word_1" & 57344
                        ) = 0
                      )
                      THEN 1
                      WHEN (
                        (
                          "t0"."__word_1" & 272
                        ) <> 0
                      )
                      AND (
                        (
                          "t0"."__word_1" & 4096
                        ) = 0
                      )
                      THEN 2
                      WHEN (
                        "t0"."__word_1" & 3536
                      ) = 0
                      THEN 3
                      WHEN (
                        (
                          "t0"."__word_1" & 3264
                        ) <> 0
                      )
                      AND (
                        (
                          "t0"."__word_1" & 272
                        ) = 0
                      )
                      THEN 4
                      ELSE 0
                    END AS "__fact_2",
                    CASE
                      WHEN (
                        (
                          "t0"."__word_1" & 1114112
                        ) <> 0
                      )
                      AND (
                        (
                          "t0"."__word_1" & 234881024
                        ) = 0
                      )
                      THEN 5
                      WHEN (
                        (
                          "t0"."__word_1" & 1114112
                        ) <> 0
                      )
                      AND (
                        (
                          "t0"."__word_1" & 16777216
                        ) = 0
                      )
                      THEN 10
                      WHEN (
                        "t0"."__word_1" & 14483456
                      ) = 0
                      THEN 15
                      WHEN (
                        (
                          "t0"."__word_1" & 13369344
                        ) <> 0
                      )
                      AND (
                        (
                          "t0"."__word_1" & 1114112
                        ) = 0
                      )
                      THEN 20
                      ELSE 0
                    END AS "__fact_3"
                  FROM "__source" AS "t0"
                ) AS "t1"
              ) AS "t2"
            ) AS "t3"
          ) AS "t4"
        ) AS "t5"
      ) AS "t6"
    ) AS "t7"
  ) AS "t8"
) AS "t9"