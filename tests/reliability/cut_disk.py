"""The disk of a run whose power is cut, rebuilt from the log of its changes (file_log.cc)."""
import os


class Disk:
    """What a run changed, as a list of changes to objects that have no names."""

    def __init__(self, root, log, chance):
        self.chance = chance
        self.files, self.folders, self.inodes = {}, {}, {}
        self.root = self.learn(root)
        self.base = {at: dict(names) for at, names in self.folders.items()}
        self.log = log

    def learn(self, path):
        at = len(self.files) + len(self.folders)
        self.inodes[str(os.lstat(path).st_ino)] = at
        if os.path.isdir(path):
            self.folders[at] = {}
            for name in os.listdir(path):
                self.folders[at][name] = self.learn(f"{path}/{name}")
        else:
            with open(path, "rb") as file:
                self.files[at] = file.read()
        return at

    def new(self, inode, kind):
        at = len(self.files) + len(self.folders)
        self.inodes[inode] = at
        kind[at] = b"" if kind is self.files else {}
        return at

    def entry(self, changes, folder, name, at):
        self.folders[folder][name] = at
        changes.append((folder, name, at))

    def read(self):
        """Fills `ops`: ("names", folder, [(folder, name, object or None)]), ("data", file, offset,
        bytes), ("size", file, size), ("sync", object or None for all)."""
        self.ops = []
        with open(self.log + ".data", "rb") as file:
            data = file.read()
        with open(self.log, encoding="utf-8") as file:
            for line in file:
                self.parse(line.rstrip("\n").split("\t"), data)
        # What is made later is not there at first.
        for at in self.folders:
            self.base.setdefault(at, {})

    def parse(self, words, data):
        kind, known = words[0], self.inodes.get
        if kind == "sync_all":
            self.ops.append(("sync", None))
        elif kind in ("write", "size", "sync"):
            at = known(words[1])
            if at is None:
                return
            if kind == "write":
                offset, start, size = map(int, words[2:])
                self.ops.append(("data", at, offset, data[start:start + size]))
            else:
                self.ops.append((kind, at, int(words[2])) if kind == "size" else (kind, at))
        elif kind in ("create", "mkdir"):
            folder = known(words[2])
            if folder is None:
                return
            changes = []
            at = self.new(words[1], self.files if kind == "create" else self.folders)
            self.entry(changes, folder, words[3], at)
            self.ops.append(("names", folder, changes))
        elif kind in ("remove", "rename"):
            folder = known(words[1])
            if folder is None:
                return
            changes = []
            at = self.folders[folder].get(words[2])
            self.entry(changes, folder, words[2], None)
            if kind == "rename":
                self.entry(changes, known(words[3]), words[4], at)
            self.ops.append(("names", changes[-1][0], changes))

    def rebuild(self, cut, share, target):
        """What is there when the power fails after `cut` changes: what was synced, and `share` of
        the rest."""
        synced, all_synced, kept = set(), False, []
        for op in reversed(self.ops[:cut]):
            if op[0] == "sync":
                all_synced = all_synced or op[1] is None
                synced.add(op[1])
            elif all_synced or op[1] in synced:
                kept.append(op)
            elif self.chance.random() < share:
                torn = op[0] == "data" and share < 1 and self.chance.random() < 0.3
                kept.append((*op[:3], op[3][:self.chance.randrange(len(op[3]))]) if torn else op)
        folders = {at: dict(names) for at, names in self.base.items()}
        files = {at: bytearray(content) for at, content in self.files.items()}
        for op in reversed(kept):
            if op[0] == "names":
                for folder, name, at in op[2]:
                    folders[folder][name] = at
            else:
                content = files[op[1]]
                end = op[2] if op[0] == "size" else op[2] + len(op[3])
                content.extend(bytes(max(0, end - len(content))))
                if op[0] == "size":
                    del content[end:]
                else:
                    content[op[2]:end] = op[3]
        self.write(self.root, target, folders, files)

    def write(self, at, path, folders, files):
        if at in files:
            with open(path, "wb") as file:
                file.write(files[at])
            return
        os.mkdir(path, 0o700)
        for name, child in folders[at].items():
            if child is not None:
                self.write(child, f"{path}/{name}", folders, files)
