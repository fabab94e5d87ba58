"""The last run as a PROV document in JSON (W3C: PROV-DM; PROV-JSON is a member submission).

Entities are versions of files, named by path and SHA-256; activities are the validation of each batch and the training
of the model; agents are owners of sources, reviewers and the program. It holds no time and no text of a batch, so the
same run gives the same document.
"""

from typing import Any
from urllib.parse import quote

from pratique.core.hashing import sha256_file, sha256_json
from pratique.core.writing import json_text
from pratique.lineage.last_run import URI_PATTERN, LastRun, identify, is_accepted
from pratique.provenance.parts import DecisionRecord, SourceRecord
from pratique.provenance.record import Record
from pratique.training.manifest import Manifest, list_learned

TERMS = "urn:pratique:prov:v1:"


class ProvDocument:
    """A document that grows statement by statement; a thing that is told of twice stands in it once."""

    def __init__(self, namespace: str) -> None:
        self._prefixes = {"pratique": TERMS, "here": f"urn:pratique:{quote(namespace, safe='')}:"}
        self._statements: dict[str, dict[str, Any]] = {}

    def declare(self, kind: str, local: str, attributes: dict[str, Any]) -> str:
        """Add an entity, an activity or an agent; its name."""
        name = f"here:{quote(local, safe='/@')}"
        known = self._statements.setdefault(kind, {}).setdefault(name, {})
        known.update({key: value for key, value in attributes.items() if value != []})
        return name

    def relate(self, kind: str, **ends: Any) -> None:
        """Add a relation between things by their names."""
        relations = self._statements.setdefault(kind, {})
        relations[f"_:{kind}{len(relations) + 1}"] = {f"prov:{end}": name for end, name in ends.items()}

    def text(self) -> str:
        """The document as PROV-JSON."""
        return json_text({"prefix": self._prefixes, **self._statements}, indent=2) + "\n"


def prov_document(run: LastRun, namespace: str) -> str:
    """Everything that the records and the manifest tell of the last run.

    Parameters
    ----------
    run : LastRun
    namespace : str
        What keeps the names of this repository apart from those of others.
    """
    document = ProvDocument(namespace)
    for record in run.records:
        _tell_validation(document, record, run)
    if run.model is not None:
        _tell_training(document, run.model)
    return document.text()


def _tell_validation(document: ProvDocument, record: Record, run: LastRun) -> None:
    file = _batch(document, record)
    entry = run.entries[record.batch]
    activity = document.declare(
        "activity",
        f"validate/{identify(record.batch, sha256_json(record.to_statement()))}",
        {
            **_describe("Validation", f"validate {record.batch}"),
            "pratique:verdict": record.verdict,
            "pratique:outcome": record.outcome,
            "pratique:pValue": record.p_value,
            "pratique:reasons": list(record.reason_codes),
            "pratique:seed": record.tool.seed,
        },
    )
    document.relate("wasAssociatedWith", activity=activity, agent=_program(document, record.tool.version))
    document.relate("used", activity=activity, entity=file)
    for part in record.configuration:
        document.relate("used", activity=activity, entity=_configuration(document, part.name, part.sha256))
    for said in record.decisions:
        document.relate("used", activity=activity, entity=_decision(document, said))
    for out in record.outputs:
        kind = "AcceptedRows" if is_accepted(out) else "QuarantinedRows"
        rows = _file(document, kind, out.name, out.sha256, {"pratique:mediaType": out.media_type})
        document.relate("wasGeneratedBy", entity=rows, activity=activity)
        document.relate("wasDerivedFrom", generatedEntity=rows, usedEntity=file, activity=activity)
    ledger = {"pratique:ledgerIndex": entry.index, "pratique:ledgerSha256": entry.sha256}
    written = _file(document, "Record", record.path.as_posix(), sha256_file(record.path), ledger)
    document.relate("wasGeneratedBy", entity=written, activity=activity)


def _tell_training(document: ProvDocument, model: Manifest) -> None:
    activity = document.declare(
        "activity",
        f"train/{identify(model.sha256, list_learned(model))}",
        _describe("Training", "train") | ({} if model.seed is None else {"pratique:seed": model.seed}),
    )
    if model.params is not None:
        document.relate("used", activity=activity, entity=_configuration(document, "params", model.params))
    document.relate("wasAssociatedWith", activity=activity, agent=_program(document, model.version))
    learned = {"pratique:model": model.model, "pratique:rows": model.rows}
    made = _file(document, "Model", model.path, model.sha256, learned)
    document.relate("wasGeneratedBy", entity=made, activity=activity)
    if model.reference is not None:
        trusted = _configuration(document, "reference", model.reference)
        document.relate("used", activity=activity, entity=trusted)
        document.relate("wasDerivedFrom", generatedEntity=made, usedEntity=trusted, activity=activity)
    for each in model.batches:
        rows = _file(document, "AcceptedRows", each.path, each.sha256)
        document.relate("used", activity=activity, entity=rows)
        document.relate("wasDerivedFrom", generatedEntity=made, usedEntity=rows, activity=activity)


def _batch(document: ProvDocument, record: Record) -> str:
    """The file that came in, with its owner, its licence and the batch before it."""
    entry, before = record.source_entry, record.predecessor
    attributes: dict[str, Any] = {"pratique:batch": record.batch, "pratique:rows": record.rows}
    if before is not None:
        attributes["pratique:predecessor"] = _qualify(f"here:{_version(before.name, before.sha256)}")
    if entry is not None:
        attributes |= {"pratique:licence": entry.licence, "pratique:labels": entry.labels}
    file = _file(document, "Batch", record.file, record.sha256, attributes)
    if entry is not None:
        _attribute(document, file, entry)
    return file


def _attribute(document: ProvDocument, file: str, entry: SourceRecord) -> None:
    owner = document.declare("agent", f"owner/{identify(entry.owner)}", {"prov:label": entry.owner})
    document.relate("wasAttributedTo", entity=file, agent=owner)
    where = {"prov:location": _literal(entry.origin, "xsd:anyURI")} if URI_PATTERN.fullmatch(entry.origin) else {}
    told = {**_describe("Origin", entry.origin), **where}
    origin = document.declare("entity", f"origin/{identify(entry.origin)}", told)
    source = _qualify("prov:PrimarySource")
    document.relate("wasDerivedFrom", generatedEntity=file, usedEntity=origin, type=source)


def _decision(document: ProvDocument, said: DecisionRecord) -> str:
    attributes = {"pratique:action": said.action, "pratique:reason": said.reason}
    decision = _file(document, "Decision", said.path, said.sha256, attributes)
    person = {"prov:type": _qualify("prov:Person"), "prov:label": said.reviewer}
    reviewer = document.declare("agent", f"reviewer/{identify(said.reviewer)}", person)
    document.relate("wasAttributedTo", entity=decision, agent=reviewer)
    return decision


def _program(document: ProvDocument, version: str) -> str:
    told = {"prov:type": _qualify("prov:SoftwareAgent"), "prov:label": f"pratique {version}"}
    return document.declare("agent", f"program/pratique-{version}", {**told, "pratique:version": version})


def _configuration(document: ProvDocument, name: str, sha256: str) -> str:
    return _file(document, "Configuration", f"configuration/{name}", sha256)


def _file(document: ProvDocument, kind: str, path: str, sha256: str, attributes: dict[str, Any] | None = None) -> str:
    """A version of a file: as many entities as there were bytes under its name."""
    told = {**_describe(kind, path), "pratique:sha256": sha256, **(attributes or {})}
    return document.declare("entity", _version(path, sha256), told)


def _version(path: str, sha256: str) -> str:
    return f"{path}@{sha256}"


def _describe(kind: str, label: str) -> dict[str, Any]:
    return {"prov:type": _qualify(f"pratique:{kind}"), "prov:label": label}


def _qualify(name: str) -> dict[str, str]:
    return _literal(name, "prov:QUALIFIED_NAME")


def _literal(value: str, kind: str) -> dict[str, str]:
    return {"$": value, "type": kind}
