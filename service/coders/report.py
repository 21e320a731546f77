"""The agreement of coders on a dataset: by indicator, by verdict, and by rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from softbalance.rules.classifier import Classifier
from softbalance.rules.codings import Codings
from softbalance.rules.comparison.coders_on_episode import Dissent, find_dissents
from softbalance.rules.episode.decision import Decision
from softbalance.rules.model import FORM, Codebook
from softbalance.rules.vocabularies import unite_codebooks
from softbalance.schemas.fields import CONTESTED, NO, UNKNOWN, YES
from softbalance.schemas.grammar import CLASSIFICATION
from softbalance.service.coders import agreement_json
from softbalance.service.coders.agreement_json import (
    Agreement,
    CodedIndicator,
    CodedVariable,
    Coder,
    EpisodeVerdicts,
    IndicatorCount,
    Measured,
    Parting,
    PartingRules,
    RulebookAgreement,
)
from softbalance.service.coders.coder_sheets import CodedEpisodes
from softbalance.service.coders.reliability import (
    LEVEL,
    Bootstrap,
    Coefficient,
    Reliability,
    measure_reliability,
)


def measure_agreement(
    coded: CodedEpisodes, classifiers: Sequence[Classifier], bootstrap: Bootstrap
) -> Agreement:
    """Return how far the coders agree, ready for JSON; docs/agreement.md has its fields.

    Raises EngineFailure where a rulebook gives no verdict, and CoefficientsMissing.
    """
    codebook = unite_codebooks(each.rulebook.codebook for each in classifiers)
    coders = coded.coders
    return {
        "codebook": {"id": codebook.id, "version": codebook.version},
        "coders": [_coder(name, coded) for name in coders],
        "episodes": len(coded.episodes),
        "compared": sum(len(by_coder) > 1 for by_coder in coded.episodes.values()),
        "nameless": coded.nameless,
        "rejected": len({(reject.file, reject.line) for reject in coded.rejects}),
        "bootstrap": {
            "method": "percentile, over episodes",
            "level": LEVEL,
            "resamples": bootstrap.resamples,
            "seed": bootstrap.seed,
        },
        "form": _form(codebook, coded, coders, bootstrap),
        "indicators": [
            _indicator(codebook, name, coded, coders, bootstrap) for name in codebook.indicators
        ],
        "rulebooks": [_rulebook(each, coded, coders, bootstrap) for each in classifiers],
    }


def _coder(name: str, coded: CodedEpisodes) -> Coder:
    sheets = [by_coder[name] for by_coder in coded.episodes.values() if name in by_coder]
    values = Counter(value for sheet in sheets for value in sheet.values.values())
    return {
        "coder": name,
        "episodes": len(sheets),
        "codings": sum(n for value, n in values.items() if value not in (UNKNOWN, CONTESTED)),
        "contested": values[CONTESTED],
    }


def _describe_reliability(found: Reliability) -> Measured:
    return {
        "compared": found.compared,
        "alike": found.alike,
        "agreement": _round_figure(found.agreement),
        "alpha": _coefficient(found.alpha),
        "ac1": _coefficient(found.ac1),
    }


def _coefficient(found: Coefficient) -> agreement_json.Coefficient:
    return {
        "value": _round_figure(found.value),
        "low": _round_figure(found.low),
        "high": _round_figure(found.high),
        "resamples": found.resamples,
        "note": found.note,
    }


def _round_figure(value: float | None) -> float | None:
    """Return a figure with the digits that are the same on any machine."""
    return None if value is None else round(value, 6) + 0.0


def _form(
    codebook: Codebook, coded: CodedEpisodes, coders: Sequence[str], bootstrap: Bootstrap
) -> CodedVariable:
    units = {
        id_: [by_coder[coder].form if coder in by_coder else None for coder in coders]
        for id_, by_coder in coded.episodes.items()
    }
    found = measure_reliability(list(units.values()), list(codebook.forms), bootstrap)
    counts = {form: count for form, count in found.counts.items() if count}
    return {"codings": counts, **_describe_reliability(found), "parted": _find_parted(units)}


def _indicator(
    codebook: Codebook,
    name: str,
    coded: CodedEpisodes,
    coders: Sequence[str],
    bootstrap: Bootstrap,
) -> CodedIndicator:
    said = {
        id_: [by_coder[coder].values[name] if coder in by_coder else None for coder in coders]
        for id_, by_coder in coded.episodes.items()
    }
    scale = codebook.indicators[name].values
    units = {id_: [v if v in scale else None for v in values] for id_, values in said.items()}
    ordinal = scale != (YES, NO)
    found = measure_reliability(list(units.values()), scale, bootstrap, ordinal=ordinal)
    spread = Counter(value for values in said.values() for value in values)
    return {
        "indicator": name,
        "group": codebook.indicators[name].group,
        "codings": {
            **found.counts,
            CONTESTED: spread[CONTESTED],
            UNKNOWN: spread[UNKNOWN],
        },
        **_describe_reliability(found),
        "parted": _find_parted(units),
    }


def _find_parted(units: Mapping[str, Sequence[str | None]]) -> list[str]:
    return [id_ for id_, values in units.items() if len({*values} - {None}) > 1]


def _rulebook(
    classifier: Classifier,
    coded: CodedEpisodes,
    coders: Sequence[str],
    bootstrap: Bootstrap,
) -> RulebookAgreement:
    book = classifier.rulebook
    decide = _Decisions(classifier)
    episodes, parted = [], []
    for id_, sheets in coded.episodes.items():
        decisions = {coder: decide(codings) for coder, codings in sheets.items()}
        told = find_dissents(decisions)
        parted.append((id_, told))
        episodes.append(_episode(classifier, id_, decisions, told))
    by_coder = [each["verdicts"] for each in episodes]
    units = [[said[c][CLASSIFICATION] if c in said else None for c in coders] for said in by_coder]
    found = measure_reliability(units, book.classes, bootstrap)
    return {
        "rulebook": {"id": book.id, "version": book.version, "digest": book.digest},
        "verdicts": _describe_reliability(found),
        "rules": _rules(parted),
        "train_on": _train_on(parted),
        "episodes": episodes,
    }


class _Decisions:
    """Decides codings; the same codings only once."""

    def __init__(self, classifier: Classifier) -> None:
        self._classifier = classifier
        self._made: dict[tuple[str, ...], Decision] = {}

    def __call__(self, codings: Codings) -> Decision:
        key = (codings.form, *codings.values.values())
        if key not in self._made:
            self._made[key] = self._classifier.decide(codings)
        return self._made[key]


def _episode(
    classifier: Classifier,
    id_: str,
    decisions: Mapping[str, Decision],
    told: Sequence[Dissent],
) -> EpisodeVerdicts:
    verdicts = {coder: classifier.verdict(decision) for coder, decision in decisions.items()}
    forms = {coder: decision.coded[FORM] for coder, decision in decisions.items()}
    classes = {verdict[CLASSIFICATION] for verdict in verdicts.values()}
    return {
        "id": id_,
        # one coder agrees with nobody
        "agree": len(classes) == 1 if len(verdicts) > 1 else None,
        "verdicts": {coder: {FORM: forms[coder], **verdicts[coder]} for coder in verdicts},
        "parting": [_dissent(each) for each in told],
    }


def _dissent(told: Dissent) -> Parting:
    return {
        "fact": told.fact,
        "decisive": told.decisive,
        "conclusions": {
            coder: {"value": value, "rule": rule.id if (rule := told.rules[coder]) else None}
            for coder, value in told.values.items()
        },
        "codings": [
            {"indicator": name, "values": dict(values)} for name, values in told.codings.items()
        ],
    }


def _rules(parted: Sequence[tuple[str, Sequence[Dissent]]]) -> list[PartingRules]:
    """Return for each set of rules that part coders the episodes and what was coded differently."""
    found: dict[tuple[str, tuple[str, ...]], list[tuple[str, Dissent]]] = {}
    for id_, told in parted:
        for each in told:
            rules = {rule.id if rule else "as coded" for rule in each.rules.values()}
            found.setdefault((each.fact, tuple(sorted(rules))), []).append((id_, each))
    rows: list[PartingRules] = [
        {
            "fact": fact,
            "rules": list(rules),
            "episodes": len(where),
            "decisive": sum(each.decisive for _, each in where),
            "codings": _count_indicators(name for _, each in where for name in each.codings),
            "ids": [id_ for id_, _ in where],
        }
        for (fact, rules), where in found.items()
    ]
    return sorted(rows, key=lambda row: (-row["decisive"], -row["episodes"]))


def _train_on(parted: Sequence[tuple[str, Sequence[Dissent]]]) -> list[IndicatorCount]:
    """Return the codings behind different classes, by how many episodes they do so in."""
    names = (
        name
        for _, told in parted
        for name in dict.fromkeys(n for each in told if each.decisive for n in each.codings)
    )
    return _count_indicators(names)


def _count_indicators(names: Iterable[str]) -> list[IndicatorCount]:
    counts = Counter(names)
    return [{"indicator": name, "episodes": count} for name, count in counts.most_common()]
