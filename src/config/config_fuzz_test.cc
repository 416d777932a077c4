// Whatever the bytes are: a Config or a ConfigErrors, nothing else, and no secret in the message.
#include <gmock/gmock.h>

#include <cstdlib>

#include "config/test_world.h"
#include "support/doubles.h"

namespace lifeboat::test {
namespace {

class Fuzz : public ::testing::Test {
 protected:
  Fuzz() { world_.write("backup-env", example_env); }

  // Asserts the promise for `text`; true if it loaded.
  bool survives(std::string_view text) {
    std::string message;
    try {
      (void)world_.load(text);
      return true;
    } catch (const ConfigErrors& errors) {
      message = errors.what();
      EXPECT_FALSE(errors.faults().empty());
      for (const ConfigFinding& fault : errors.faults()) {
        EXPECT_FALSE(fault.message.empty());
        EXPECT_NE(fault.location.line, 0u) << fault.message;
      }
    }
    for (const char* secret : {"wasabi secret", "n8n \"key", "ghp_example", "discord.example"}) {
      EXPECT_EQ(message.find(secret), std::string::npos) << message;
    }
    return false;
  }

  World world_;
};

TEST_F(Fuzz, EveryPrefix) {
  size_t loaded = 0;
  for (size_t length = 0; length < example_config.size(); ++length) {
    loaded += survives(example_config.substr(0, length)) ? 1 : 0;
  }
  EXPECT_GT(loaded, 0u);                         // the file's last sections are optional
  EXPECT_LT(loaded, example_config.size() / 2);  // the first ones are not
}

TEST_F(Fuzz, RandomDamage) {
  constexpr std::string_view alphabet = "{}[]:,-?&*!|>'\"%@`#$~<= \t\n\r\x01\xC3\xA4\xFFnull0a";
  const char* more = std::getenv("LIFEBOAT_FUZZ_ROUNDS");
  const int rounds = more == nullptr ? 1500 : std::atoi(more);
  SeededRandom random(7);
  for (int round = 0; round < rounds; ++round) {
    std::string text(round % 2 == 0 ? example_config : small_config);
    for (uint64_t edits = 1 + random.below(4); edits > 0 && !text.empty(); --edits) {
      const size_t at = random.below(text.size());
      const char letter = alphabet[random.below(alphabet.size())];
      switch (random.below(5)) {
        case 0:
          text[at] = letter;
          break;
        case 1:
          text.insert(at, 1, letter);
          break;
        case 2:
          text.erase(at, 1 + random.below(8));
          break;
        case 3:
          text.insert(at, text.substr(random.below(text.size()), random.below(40)));
          break;
        default:
          text[at] = static_cast<char>(text[at] ^ (1 << random.below(8)));
          break;
      }
    }
    (void)survives(text);
    ASSERT_FALSE(HasFailure()) << "round " << round << "\n" << text;
  }
}

TEST_F(Fuzz, RandomPunctuation) {
  constexpr std::string_view alphabet = "{}[]:,-?&*!|>'\"%@#$ \n a";
  SeededRandom random(11);
  for (int round = 0; round < 1000; ++round) {
    std::string text;
    for (uint64_t length = random.below(40); length > 0; --length) {
      text += alphabet[random.below(alphabet.size())];
    }
    (void)survives(text);
    ASSERT_FALSE(HasFailure()) << "round " << round << "\n" << text;
  }
}

}  // namespace
}  // namespace lifeboat::test
