"""Write the manifests of the starter avatars anew: `python -m scripts.seal_starters`, after a portrait or persona was changed."""

from tiangong.studio.bundle import STARTER, seal_bundle


def seal_starters() -> None:
    for folder in sorted((STARTER / "avatars").glob("*/")):
        manifest = seal_bundle(folder, folder.name)
        print(f"{folder.name}: {', '.join(manifest.files)}")


if __name__ == "__main__":
    seal_starters()
