package hikyaku.mailbox.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

class FlagsTest {
  @Test
  void keywordsAreTheSameInAnyAsciiCaseAndInAnyLanguage() {
    Locale before = Locale.getDefault();
    try {
      Locale.setDefault(Locale.of("tr"));
      Flags flags = Flags.of(0, List.of("$MDNSent", "IMPORTANT"));
      assertThat(flags.hasKeyword("important")).isTrue();
      assertThat(flags.plus(Flags.of(0, List.of("Important", "x"))).keywords())
          .containsExactly("$MDNSent", "IMPORTANT", "x");
      assertThat(flags.minus(Flags.of(0, List.of("important"))).keywords())
          .containsExactly("$MDNSent");
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void aChangeAddsRemovesOrReplaces() {
    Flags before = Flags.of(SystemFlag.SEEN, SystemFlag.DRAFT).plus(Flags.of(0, List.of("a")));
    Flags named = Flags.of(SystemFlag.SEEN, SystemFlag.DELETED);
    assertThat(FlagChange.add(named).apply(before))
        .isEqualTo(
            Flags.of(SystemFlag.SEEN, SystemFlag.DRAFT, SystemFlag.DELETED)
                .plus(Flags.of(0, List.of("a"))));
    assertThat(FlagChange.remove(named).apply(before))
        .isEqualTo(Flags.of(SystemFlag.DRAFT).plus(Flags.of(0, List.of("a"))));
    assertThat(FlagChange.replace(named).apply(before)).isEqualTo(named);
  }
}
