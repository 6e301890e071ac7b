"""Models of Coqui's true architectures with random weights, made and saved by Coqui itself."""

import json
import string
from pathlib import Path
from typing import Any

HAN = "你好世界我是天工请打开的页面今气很吗见到您高兴"
DECODER = {
    "resblock_kernel_sizes_decoder": [3],
    "resblock_dilation_sizes_decoder": [[1, 3, 5]],
    "upsample_initial_channel_decoder": 32,
}


def save(config: Any, model: Any, folder: Path) -> Path:
    """config.json and model.pth, as Coqui's trainer writes them."""
    from trainer.io import save_model

    folder.mkdir(parents=True, exist_ok=True)
    config.save_json(str(folder / "config.json"))
    save_model(config, model, folder / "model.pth", current_step=1, epoch=1)
    return folder


def save_vocabulary(path: Path) -> None:
    from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers

    special = ["[STOP]", "[UNK]", "[SPACE]", "[START]", "[en]", "[zh-cn]"]
    words = [*special, *string.ascii_lowercase, *string.digits, *".,!?;:'-"]
    tokenizer = Tokenizer(models.BPE(vocab={w: i for i, w in enumerate(words)}, merges=[], unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in special])
    tokenizer.save(str(path))


def save_xtts(folder: Path, seed: int = 0, speakers: bool = True) -> Path:
    """Speaks 2.2 s of noise, whatever the text: it never finds the end by itself."""
    import torch
    from TTS.tts.configs.xtts_config import XttsArgs, XttsConfig
    from TTS.tts.layers.xtts.tokenizer import VoiceBpeTokenizer
    from TTS.tts.models.xtts import Xtts

    torch.manual_seed(seed)
    folder.mkdir(parents=True, exist_ok=True)
    save_vocabulary(folder / "vocab.json")
    arguments = XttsArgs(
        gpt_layers=2, gpt_n_model_channels=64, gpt_n_heads=2, gpt_max_audio_tokens=50, gpt_max_text_tokens=200,
        gpt_num_audio_tokens=130, gpt_start_audio_token=128, gpt_stop_audio_token=129, gpt_use_perceiver_resampler=True,
        decoder_input_dim=64,
    )  # fmt: skip
    config = XttsConfig(model_args=arguments, languages=["en", "zh-cn"])
    model = Xtts(config)
    model.tokenizer = VoiceBpeTokenizer(vocab_file=folder / "vocab.json")
    model.init_models()
    with torch.no_grad():
        model.gpt.mel_head.bias[129] = -100.0
    if speakers:
        made = {
            "gpt_cond_latent": torch.randn(1, 32, 64),
            "speaker_embedding": torch.nn.functional.normalize(torch.randn(1, 512, 1), dim=1),
        }
        torch.save({"Claribel Dervla": made, "Andrew Chipper": made}, folder / "speakers_xtts.pth")
    return save(config, model, folder)


def vits_arguments(**more: Any) -> Any:
    from TTS.tts.models.vits import VitsArgs

    return VitsArgs(
        hidden_channels=16, hidden_channels_ffn_text_encoder=16, num_layers_text_encoder=1, num_layers_posterior_encoder=1,
        num_layers_flow=1, init_discriminator=True, periods_multi_period_discriminator=[2], **DECODER, **more,
    )  # fmt: skip


def vits_config(arguments: Any, letters: str, languages: list[str], **more: Any) -> Any:
    from TTS.tts.configs.shared_configs import CharactersConfig
    from TTS.tts.configs.vits_config import VitsConfig

    return VitsConfig(
        model_args=arguments,
        text_cleaner="multilingual_cleaners",
        characters=CharactersConfig(
            characters_class="TTS.tts.models.vits.VitsCharacters", characters=letters, punctuations="!',-.:;? ",
            pad="_", eos="&", bos="*", blank=None, phonemes="",
        ),
        languages=languages, **more,
    )  # fmt: skip


def save_vits(folder: Path, seed: int = 0, speakers: tuple[str, ...] = ()) -> Path:
    """English, 22,050 Hz; of one speaker, or of several that are known by number."""
    import torch
    from TTS.tts.models.vits import Vits

    torch.manual_seed(seed)
    arguments = vits_arguments(use_speaker_embedding=bool(speakers), speaker_embedding_channels=8)
    config = vits_config(arguments, string.ascii_letters, ["en"], speakers=list(speakers))
    return save(config, Vits(config), folder)


def save_speaker_encoder(folder: Path) -> None:
    import torch
    from trainer.io import save_model
    from TTS.encoder.configs.speaker_encoder_config import SpeakerEncoderConfig
    from TTS.encoder.models.resnet import ResNetSpeakerEncoder

    config = SpeakerEncoderConfig()
    config.audio.update({"num_mels": 64, "sample_rate": 16_000, "fft_size": 512, "win_length": 400, "hop_length": 160})
    config.audio.update({"preemphasis": 0.97})
    config.model_params = {
        "model_name": "resnet", "input_dim": 64, "use_torch_spec": True, "log_input": True, "proj_dim": 32,
    }  # fmt: skip
    config.num_classes_in_batch = config.num_utter_per_class = config.num_loader_workers = 1
    torch.manual_seed(3)
    encoder = ResNetSpeakerEncoder(
        input_dim=64, proj_dim=32, log_input=True, use_torch_spec=True, audio_config=config.audio
    )
    config.save_json(str(folder / "config_se.json"))
    save_model(config, encoder, folder / "model_se.pth", current_step=1, epoch=1)


def save_your_tts(folder: Path, seed: int = 0) -> Path:
    """Two languages, d-vectors of 32 numbers, a speaker encoder; the paths in config.json are of another machine."""
    import torch
    from TTS.tts.models.vits import Vits

    torch.manual_seed(seed)
    folder.mkdir(parents=True, exist_ok=True)
    vectors = {
        f"{name}.wav": {"name": name, "embedding": torch.randn(32).tolist()} for name in ("female-en-5", "male-en-2")
    }
    (folder / "speakers.json").write_text(json.dumps(vectors))
    (folder / "language_ids.json").write_text(json.dumps({"en": 0, "zh-cn": 1}))
    save_speaker_encoder(folder)
    arguments = vits_arguments(
        use_d_vector_file=True, d_vector_dim=32, use_language_embedding=True, embedded_language_dim=4,
        d_vector_file=[str(folder / "speakers.json")], language_ids_file=str(folder / "language_ids.json"),
    )  # fmt: skip
    config = vits_config(arguments, string.ascii_letters + HAN, ["en", "zh-cn"])
    config.audio.sample_rate = 16_000
    model = Vits(config)
    elsewhere = "/home/of/someone"
    arguments.d_vector_file = [f"{elsewhere}/speakers.json"]
    arguments.language_ids_file = f"{elsewhere}/language_ids.json"
    arguments.speaker_encoder_model_path = f"{elsewhere}/model_se.pth"
    arguments.speaker_encoder_config_path = f"{elsewhere}/config_se.json"
    return save(config, model, folder)


def save_wavlm(home: Path, layers: str = "[(16,10,5)] + [(16,3,2)] * 4 + [(16,2,2)] * 2") -> Path:
    """Where Coqui looks for WavLM when TTS_HOME is `home`; 32 features instead of 1,024."""
    import torch
    from TTS.vc.layers.freevc.wavlm.wavlm import WavLM, WavLMConfig

    sizes = {
        "extractor_mode": "layer_norm", "encoder_layers": 6, "encoder_embed_dim": 32, "encoder_ffn_embed_dim": 32,
        "encoder_attention_heads": 2, "layer_norm_first": True, "normalize": True, "relative_position_embedding": True,
        "gru_rel_pos": True, "conv_feature_layers": "[(16,10,5)] + [(16,3,2)] * 4 + [(16,2,2)] * 2",
    }  # fmt: skip
    torch.manual_seed(4)
    path = home / "tts" / "wavlm" / "WavLM-Large.pt"
    path.parent.mkdir(parents=True, exist_ok=True)
    state = WavLM(WavLMConfig(sizes)).state_dict()
    torch.save({"cfg": {**sizes, "conv_feature_layers": layers}, "model": state}, path)
    return path


def save_freevc(folder: Path) -> Path:
    """Hears 16 kHz, speaks 24 kHz, as freevc24 does."""
    import torch
    from TTS.vc.configs.freevc_config import FreeVCArgs, FreeVCConfig
    from TTS.vc.models.freevc import FreeVC

    torch.manual_seed(5)
    arguments = FreeVCArgs(
        inter_channels=16, hidden_channels=16, filter_channels=16, ssl_dim=32, gin_channels=16, use_spk=False,
        upsample_initial_channel=32, upsample_rates=[10, 6, 4, 2], upsample_kernel_sizes=[20, 12, 8, 4],
    )  # fmt: skip
    config = FreeVCConfig(model_args=arguments)
    return save(config, FreeVC(config), folder)


def save_openvoice(folder: Path) -> Path:
    """With a config.json as OpenVoice's authors write theirs."""
    import torch
    from TTS.vc.configs.openvoice_config import OpenVoiceArgs, OpenVoiceConfig
    from TTS.vc.models.openvoice import OpenVoice

    torch.manual_seed(6)
    sizes = {
        "inter_channels": 16,
        "hidden_channels": 16,
        "gin_channels": 16,
        "upsample_initial_channel": 32,
        "zero_g": True,
    }
    model = OpenVoice(OpenVoiceConfig(model_args=OpenVoiceArgs(**sizes)))
    folder.mkdir(parents=True, exist_ok=True)
    data = {"sampling_rate": 22_050, "filter_length": 1024, "hop_length": 256, "win_length": 1024, "n_speakers": 0}
    (folder / "config.json").write_text(json.dumps({"data": data, "model": sizes}))
    torch.save({"model": model.state_dict(), "iteration": 1}, folder / "checkpoint.pth")
    return folder


def save_knnvc(folder: Path) -> Path:
    """config.json alone, and beside it the HiFi-GAN that makes sound of 32 features."""
    import torch
    from trainer.io import save_model
    from TTS.vc.configs.knnvc_config import KNNVCArgs, KNNVCConfig
    from TTS.vocoder.configs.hifigan_config import HifiganConfig
    from TTS.vocoder.models.gan import GAN

    torch.manual_seed(7)
    folder.mkdir(parents=True, exist_ok=True)
    KNNVCConfig(model_args=KNNVCArgs(ssl_dim=32)).save_json(str(folder / "config.json"))
    config = HifiganConfig()
    config.generator_model_params = {
        "in_channels": 16, "pre_linear": 32, "resblock_type": "1", "upsample_factors": [10, 8, 2, 2],
        "upsample_kernel_sizes": [20, 16, 4, 4], "upsample_initial_channel": 32, "resblock_kernel_sizes": [3],
        "resblock_dilation_sizes": [[1, 3, 5]], "inference_padding": 0,
    }  # fmt: skip
    config.audio.sample_rate = 16_000
    (folder / "vocoder").mkdir()
    config.save_json(str(folder / "vocoder" / "config.json"))
    save_model(config, GAN(config), folder / "vocoder" / "model.pth", current_step=1, epoch=1)
    return folder
