package hikyaku.protocol.mime;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class FieldRemoverTest {
  private static String without(String message, int piece) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    FieldRemover remover = new FieldRemover(List.of("Bcc", "Resent-Bcc"), out::write);
    byte[] octets = message.getBytes(ISO_8859_1);
    for (int at = 0; at < octets.length; at += piece) {
      remover.write(octets, at, Math.min(piece, octets.length - at));
    }
    remover.finish();
    return out.toString(ISO_8859_1);
  }

  private static void check(String message, String expected) throws IOException {
    for (int piece : List.of(1, 2, 3, 7, 1000)) {
      assertThat(without(message, piece)).as("in pieces of " + piece).isEqualTo(expected);
    }
  }

  @Test
  void theFieldsGoWithTheirFolding() throws Exception {
    check(
        "To: a\r\nBcc: b,\r\n c\r\n\td\r\nSubject: x\r\n y\r\nRESENT-BCC : e\r\n\r\nhi\r\n",
        "To: a\r\nSubject: x\r\n y\r\n\r\nhi\r\n");
    check("Bcc: b\r\n\r\n", "\r\n");
    check("Bcc: b", "");
    check("Bcc" + " ".repeat(30) + ": b\r\nTo: a\r\n\r\n", "To: a\r\n\r\n");
  }

  /** Other readers of the header pass over it, and would see what is behind it. */
  @Test
  void aLineThatIsNoFieldDoesNotEndTheHeader() throws Exception {
    check(
        "To: a\r\nno field\r\n b\r\nBcc: c\r\n\r\nBcc: d\r\n",
        "To: a\r\nno field\r\n b\r\n\r\nBcc: d\r\n");
    check("Bcc: a\r\nno field\r\n b\r\nBcc: c\r\n\r\n", "no field\r\n b\r\n\r\n");
    check("From me\r\nBcc: c\r\n\r\n", "From me\r\n\r\n");
    check("To: a\nno\nBcc: c\n\nBcc: d\n", "To: a\nno\n\nBcc: d\n");
  }

  @Test
  void othersAndTheBodyStay() throws Exception {
    for (String message :
        List.of(
            "To: a\r\n\r\nBcc: not a field\r\n c\r\n",
            "X-Bcc: a\r\nBccc: b\r\n\r\n",
            "no field\r\nBcc: c\r\n",
            "a-very-long-name-of-a-field-indeed: x\r\n\r\n",
            "\r\nBcc: a\r\n",
            "\nBcc: a\n",
            "T",
            "")) {
      check(message, message);
    }
  }
}
