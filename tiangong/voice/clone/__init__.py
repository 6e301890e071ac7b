"""Speaking as a person, learnt from a recording of ten seconds or more, without any download.

    recording.py     sound file -> checked, cleaned stretches of speech
    spectrum.py      sound <-> pitch and 64 bands of its spectral envelope (WORLD)
    voices_heard.py  whether it is one voice
    articulation.py  which kind of sound a phone is; which phones a recording holds
    spectral_map.py  s' = s + ds, ds = -lambda grad L: the voice map, found by gradient descent
    manifold.py      the speaker's own spectra, and the way along them nearest to what is to be said
    profile.py       what is kept of a voice
    learning.py      recording -> profile
    morphing.py      the embedded voice's sound -> the person's
    cloned_voice.py  the engine that does all this sentence by sentence

The idea. Each moment of speech is a point s in a space of spectral envelopes, and each person's speech fills a thin
curved sheet in it: a manifold, on which what is said and who says it are different directions. A recording is a sample
of that sheet. Cloning moves the points of a synthetic voice onto it in two steps of the same kind, s' = s + ds with
ds = -lambda grad L(s, s'). First for the whole voice: L is the distance between the mean spectra of each kind of sound,
and only warps of the frequency axis and smooth gains are moved, so the map can change a voice but cannot add noise to
it. Then for each moment: L is half the squared distance to the sheet itself, whose gradient points to the nearest of
the speaker's own spectra, where "nearest" respects the phone that is being said and the speaker's own motion.
"""
