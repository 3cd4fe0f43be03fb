package hikyaku.protocol.mime;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.protocol.Effort;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BaseSubjectTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      ignoreLeadingAndTrailingWhitespace = true,
      value = {
        "'plain'               | 'plain'         | false",
        "'  two\t  words  '    | 'two words'     | false",
        "'Re: a'               | 'a'             | true",
        "'RE : Fwd:fw: a'      | 'a'             | true",
        "'re[2]: a'            | 'a'             | true",
        "'[list] re [x] : a'   | 'a'             | true",
        "'[list] a'            | 'a'             | false",
        "'[a] [b] c'           | 'c'             | false",
        "'[a] [b]'             | '[b]'           | false",
        "'[a]'                 | '[a]'           | false",
        "'[a [b] c'            | '[a [b] c'      | false",
        "'a (fwd) (FWD) '      | 'a'             | true",
        "'[Fwd: a]'            | 'a'             | true",
        "'[fwd: Re: [x] a (fwd)]' | 'a'          | true",
        "'[fwd: a] b'          | 'b'             | false",
        "'Reply: a'            | 'Reply: a'      | false",
        "'Re:'                 | ''              | true",
        "'(fwd)'               | ''              | true",
        "''                    | ''              | false",
        "'[fwd:]'              | ''              | true",
        "'re'                  | 're'            | false",
      })
  void takesOffWhatRepliesAndForwardsPutOn(String subject, String base, boolean reply) {
    assertThat(BaseSubject.of(subject)).isEqualTo(new BaseSubject(base, reply));
  }

  @Test
  void costsNoMoreThanItsLength() {
    for (String part : new String[] {"[a]", "[fwd:", "re:", "(fwd)", "[", "re[", " ", "fwd [a"}) {
      String subject = part.repeat(100_000);
      Effort.isBounded(part, () -> assertThat(BaseSubject.of(subject)).isNotNull());
    }
  }
}
