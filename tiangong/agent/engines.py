"""The language model engines: `auto` takes the first that can run here."""

from typing import Final

BRAINS: Final = {
    "openai": "tiangong.agent.openai_chat:OpenAIChat",
    "transformers": "tiangong.agent.transformers_chat:TransformersChat",
    "knowledge": "tiangong.agent.knowledge_brain:KnowledgeBrain",
}
