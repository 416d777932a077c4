#!/usr/bin/env python3
"""Holds deploy/kubernetes/cronjob.yaml against the Kubernetes API, and takes it apart for the test.

  kubernetes.py FILE FOLDER   writes FOLDER/lifeboat.yaml and FOLDER/NAME.args of each CronJob

Unknown fields are what a server drops or refuses: every field must be in the tables below, which are
those of https://kubernetes.io/docs/reference/kubernetes-api/ that a backup can need. Names that are
referred to (config maps, secrets, volumes, claims of ours) must exist.
"""
import sys

import yaml

# Type -> field -> type of its value; [T] is a list of T, {T} a map to T.
SHAPES = {
    "Meta": {"name": str, "labels": {str: str}, "annotations": {str: str}},
    "ConfigMap": {"apiVersion": str, "kind": str, "metadata": "Meta", "data": {str: str}},
    "Secret": {"apiVersion": str, "kind": str, "metadata": "Meta", "type": str,
               "stringData": {str: str}},
    "PersistentVolumeClaim": {"apiVersion": str, "kind": str, "metadata": "Meta", "spec": "Claim"},
    "Claim": {"accessModes": [str], "resources": "Resources", "storageClassName": str},
    "Resources": {"requests": {str: str}, "limits": {str: str}},
    "CronJob": {"apiVersion": str, "kind": str, "metadata": "Meta", "spec": "CronJobSpec"},
    "CronJobSpec": {"schedule": str, "timeZone": str, "concurrencyPolicy": str, "suspend": bool,
                    "startingDeadlineSeconds": int, "successfulJobsHistoryLimit": int,
                    "failedJobsHistoryLimit": int, "jobTemplate": "JobTemplate"},
    "JobTemplate": {"metadata": "Meta", "spec": "JobSpec"},
    "JobSpec": {"backoffLimit": int, "activeDeadlineSeconds": int, "ttlSecondsAfterFinished": int,
                "template": "PodTemplate"},
    "PodTemplate": {"metadata": "Meta", "spec": "PodSpec"},
    "PodSpec": {"restartPolicy": str, "automountServiceAccountToken": bool,
                "enableServiceLinks": bool, "terminationGracePeriodSeconds": int,
                "serviceAccountName": str, "affinity": "Affinity",
                "securityContext": "PodSecurity", "containers": ["Container"],
                "volumes": ["Volume"]},
    "Affinity": {"podAffinity": "PodAffinity"},
    "PodAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": ["AffinityTerm"]},
    "AffinityTerm": {"topologyKey": str, "labelSelector": "Selector"},
    "Selector": {"matchLabels": {str: str}},
    "PodSecurity": {"runAsNonRoot": bool, "runAsUser": int, "runAsGroup": int, "fsGroup": int,
                    "fsGroupChangePolicy": str, "seccompProfile": "Seccomp"},
    "Seccomp": {"type": str},
    "Container": {"name": str, "image": str, "args": [str], "command": [str], "env": ["EnvVar"],
                  "envFrom": ["EnvFrom"], "securityContext": "Security", "resources": "Resources",
                  "volumeMounts": ["Mount"]},
    "EnvVar": {"name": str, "value": str, "valueFrom": "ValueFrom"},
    "ValueFrom": {"secretKeyRef": "KeyRef"},
    "KeyRef": {"name": str, "key": str},
    "EnvFrom": {"secretRef": "Ref", "configMapRef": "Ref"},
    "Ref": {"name": str},
    "Security": {"allowPrivilegeEscalation": bool, "readOnlyRootFilesystem": bool,
                 "capabilities": "Capabilities"},
    "Capabilities": {"drop": [str], "add": [str]},
    "Mount": {"name": str, "mountPath": str, "readOnly": bool, "subPath": str},
    "Volume": {"name": str, "configMap": "Ref", "persistentVolumeClaim": "ClaimRef",
               "emptyDir": "EmptyDir", "secret": "SecretVolume"},
    "ClaimRef": {"claimName": str, "readOnly": bool},
    "EmptyDir": {"sizeLimit": str, "medium": str},
    "SecretVolume": {"secretName": str, "defaultMode": int, "items": ["KeyPath"]},
    "KeyPath": {"key": str, "path": str},
}
VERSIONS = {"ConfigMap": "v1", "Secret": "v1", "PersistentVolumeClaim": "v1", "CronJob": "batch/v1"}
FOREIGN_CLAIMS = {"shop-uploads"}  # the application's own


def fail(where, what):
    sys.exit(f"kubernetes: {where}: {what}")


def check(value, shape, where):
    if isinstance(shape, str):
        if not isinstance(value, dict):
            fail(where, "is no mapping")
        for name, inner in value.items():
            if name not in SHAPES[shape]:
                fail(where, f"{shape} has no field '{name}'")
            check(inner, SHAPES[shape][name], f"{where}.{name}")
    elif isinstance(shape, list):
        if not isinstance(value, list):
            fail(where, "is no list")
        for at, inner in enumerate(value):
            check(inner, shape[0], f"{where}[{at}]")
    elif isinstance(shape, dict):
        for name, inner in value.items():
            check(name, str, where)
            check(inner, shape[str], f"{where}.{name}")
    elif type(value) is not shape:
        fail(where, f"is {value!r}, wanted {shape.__name__}")


def check_references(documents, spec, where):
    def exists(kind, name):
        if (kind, name) not in documents:
            fail(where, f"there is no {kind} '{name}'")

    volumes = set()
    for volume in spec["volumes"]:
        volumes.add(volume["name"])
        if "configMap" in volume:
            exists("ConfigMap", volume["configMap"]["name"])
        if "secret" in volume:
            exists("Secret", volume["secret"]["secretName"])
            held = documents["Secret", volume["secret"]["secretName"]]["stringData"]
            for item in volume["secret"].get("items", []):
                if item["key"] not in held:
                    fail(where, f"the secret has no key '{item['key']}'")
        claim = volume.get("persistentVolumeClaim", {}).get("claimName")
        if claim and claim not in FOREIGN_CLAIMS:
            exists("PersistentVolumeClaim", claim)
    for container in spec["containers"]:
        for mount in container["volumeMounts"]:
            if mount["name"] not in volumes:
                fail(where, f"there is no volume '{mount['name']}'")
        for source in container.get("envFrom", []):
            exists("Secret", source["secretRef"]["name"])
        for variable in container.get("env", []):
            if "valueFrom" in variable:
                exists("Secret", variable["valueFrom"]["secretKeyRef"]["name"])


def check_hardening(spec, where):
    pod = spec["securityContext"]
    if not pod["runAsNonRoot"] or pod["seccompProfile"]["type"] != "RuntimeDefault":
        fail(where, "runs with more rights than it needs")
    for container in spec["containers"]:
        own = container["securityContext"]
        if own["allowPrivilegeEscalation"] or not own["readOnlyRootFilesystem"]:
            fail(where, "can gain rights or write to its image")
        if own["capabilities"]["drop"] != ["ALL"] or "memory" not in container["resources"]["limits"]:
            fail(where, "keeps capabilities or has no limit of memory")


def main(path, folder):
    with open(path, encoding="utf-8") as file:
        listed = list(yaml.safe_load_all(file))
    documents = {(one["kind"], one["metadata"]["name"]): one for one in listed}
    if len(documents) != len(listed):
        fail(path, "two of one name")
    for (kind, name), document in documents.items():
        check(document, kind, f"{kind} {name}")
        if document["apiVersion"] != VERSIONS[kind]:
            fail(name, f"apiVersion {document['apiVersion']}")
        if kind != "CronJob":
            continue
        spec = document["spec"]
        if spec["concurrencyPolicy"] != "Forbid":
            fail(name, "two runs at a time are not forbidden")
        pod = spec["jobTemplate"]["spec"]["template"]["spec"]
        check_references(documents, pod, name)
        check_hardening(pod, name)
        with open(f"{folder}/{name}.args", "w", encoding="utf-8") as out:
            out.write("".join(f"{one}\n" for one in pod["containers"][0]["args"]))
    with open(f"{folder}/lifeboat.yaml", "w", encoding="utf-8") as out:
        out.write(documents["ConfigMap", "lifeboat"]["data"]["lifeboat.yaml"])
    with open(f"{folder}/variables", "w", encoding="utf-8") as out:
        out.write("".join(f"{one}\n" for one in documents["Secret", "lifeboat"]["stringData"]))


main(*sys.argv[1:])
