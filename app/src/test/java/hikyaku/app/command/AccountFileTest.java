package hikyaku.app.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import hikyaku.app.Failure;
import hikyaku.server.ops.AccountOperations.New;
import java.io.BufferedReader;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class AccountFileTest {
  private static List<AccountFile.Entry> read(String text) throws Failure {
    return AccountFile.read(new BufferedReader(new StringReader(text)), "the file");
  }

  @Test
  void fieldsMayBeLeftOut() throws Failure {
    String hash = "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA";
    String text =
        String.join(
            "\n",
            "# who was there before",
            "",
            "a@x.test",
            "b@x.test\tcorrect horse ",
            "c@x.test\t{plain}{brace\t5G\tC. D. \u00c9",
            "d@x.test\t{ARGON2ID}" + hash + "\tunlimited",
            "e@x.test\t{Argon2}" + hash + "\t",
            "f@x.test\t\t10\t");
    assertThat(read(text))
        .containsExactly(
            new AccountFile.Entry(3, new New("a@x.test", null, null)),
            new AccountFile.Entry(4, new New("b@x.test", "correct horse ", null)),
            new AccountFile.Entry(5, new New("c@x.test", "{brace", "C. D. \u00c9", null, 5L << 30)),
            new AccountFile.Entry(6, new New("d@x.test", null, null, hash, Long.MAX_VALUE)),
            new AccountFile.Entry(7, new New("e@x.test", null, null, hash, null)),
            new AccountFile.Entry(8, new New("f@x.test", null, null, null, 10L)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "b@x.test secret            | must be an address",
        "\\tsecret                  | must be an address",
        "b@x.test\\t{SHA}abc        | {PLAIN}, {ARGON2ID}",
        "b@x.test\\t{PLAIN}         | no password behind",
        "b@x.test\\tsecret\\tmuch   | is not an amount",
        "b@x.test\\ts\\t1\\tname\\tx| more than an address",
        "A@X.test                   | is there twice"
      })
  void theFirstWrongLineIsNamed(String line, String complaint) {
    String text = "a@x.test\tsecret\n\n" + line.strip().replace("\\t", "\t") + "\n";
    assertThatExceptionOfType(Failure.class)
        .isThrownBy(() -> read(text))
        .withMessageStartingWith("the file, line 3: ")
        .withMessageContaining(complaint)
        .withMessageEndingWith("No account was made.");
  }

  @Test
  void aFileMustBeThereAndBeText(@TempDir Path directory) throws Exception {
    Path file = directory.resolve("accounts");
    assertThatExceptionOfType(Failure.class)
        .isThrownBy(() -> AccountFile.read(file.toString()))
        .withMessageContaining(file + " cannot be read");
    Files.write(file, new byte[] {'a', '\t', (byte) 0xe9, '\n'});
    assertThatExceptionOfType(Failure.class)
        .isThrownBy(() -> AccountFile.read(file.toString()))
        .withMessageContaining("is not UTF-8");
  }
}
