"""Coqui's voices and voice conversion (the package coqui-tts, extra [coqui]).

licences.py         which terms bind the weights, and whether they were accepted
hub.py              Coqui's own list of models: what a hub name is, whether it is on this disk, fetching it once
model_folder.py     a folder's config.json read without Coqui: which net, which languages, which files
weights.py          checkpoints without running what is in them
likeness.py         what a net needs to know of a person, computed once and kept beside the recording
loading.py          Coqui's classes, imported late; settings -> the folder of a model
net.py              what the engine asks of a net
xtts.py             XTTS v2: streamed, cloned
vits.py             VITS and YourTTS: a sentence at once
coqui_voice.py      the voice engine
converters.py       FreeVC, OpenVoice, kNN-VC: sound -> the same words as another person
converted_voice.py  any voice engine, converted
"""
