package hikyaku.server.smtp;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.server.directory.Address;
import hikyaku.server.dkim.Signer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** For whom it is signed what scripts write: what is said to have no sender has SPF of none. */
class SignedScriptMailTest extends ScriptedDelivery {
  private static final String FIELD = "DKIM-Signature: here\r\n";

  private final List<Address> authors = new ArrayList<>();
  private final List<String> signed = new ArrayList<>();

  @BeforeEach
  void sign() {
    world.signer =
        (of, content) -> {
          ByteArrayOutputStream octets = new ByteArrayOutputStream();
          content.copyTo(octets::write);
          authors.addAll(of);
          signed.add(octets.toString(ISO_8859_1));
          return new Signer.Signatures(FIELD, List.of());
        };
  }

  /** What goes out of a message for u1. */
  private String sent(String script) throws Exception {
    script("u1", script);
    assertThat(send(List.of("u1@demo.test"), "From: a@b.example\nTo: u1@demo.test\n\nhello\n"))
        .containsExactly("250 2.0.0");
    return text(queued().getLast());
  }

  private void isSignedFor(String text, String author) throws IOException {
    assertThat(text).startsWith(FIELD + "From: ");
    assertThat(signed).containsExactly(text.substring(FIELD.length()));
    assertThat(authors).extracting(Address::toString).containsExactly(author);
  }

  @Test
  void answers() throws Exception {
    isSignedFor(sent("require \"vacation\"; vacation \"gone\";"), "u1@demo.test");
  }

  @Test
  void answersUnderOtherAddressesOfTheAccount() throws Exception {
    isSignedFor(
        sent("require \"vacation\"; vacation :from \"u1+x@demo.test\" \"gone\";"),
        "u1+x@demo.test");
  }

  @Test
  void answersThatAskForAnothersAddress() throws Exception {
    String text = sent("require \"vacation\"; vacation :from \"u2@demo.test\" \"gone\";");
    isSignedFor(text, "u1@demo.test");
    assertThat(text).contains("From: u1@demo.test\r\n");
  }

  @Test
  void notifications() throws Exception {
    isSignedFor(sent("require \"enotify\"; notify \"mailto:p@q.example\";"), "u1@demo.test");
  }

  @Test
  void refusalsByTheServer() throws Exception {
    isSignedFor(sent("require \"reject\"; reject \"no\u00f6\";"), "postmaster@mx.demo.test");
  }

  @Test
  void notWhatIsSentOn() throws Exception {
    assertThat(sent("redirect \"p@q.example\";")).doesNotContain(FIELD);
    assertThat(signed).isEmpty();
  }
}
