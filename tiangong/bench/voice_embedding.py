"""Runs alone, in an interpreter that has `resemblyzer`: sound files named on standard input, one embedding each as JSON.

Nothing of Tiangong is imported, and Tiangong does not import this file.
"""

import json
import sys

if __name__ == "__main__":
    from resemblyzer import VoiceEncoder, preprocess_wav  # type: ignore[import-not-found]

    encoder = VoiceEncoder("cpu", verbose=False)
    files = json.load(sys.stdin)
    print(json.dumps([encoder.embed_utterance(preprocess_wav(file)).tolist() for file in files]))
