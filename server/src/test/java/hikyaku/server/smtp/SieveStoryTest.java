package hikyaku.server.smtp;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.google.protobuf.ByteString;
import hikyaku.server.filter.ScriptBook;
import hikyaku.server.filter.ScriptException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** What the lines that {@code hikyaku trace} shows tell of scripts. */
class SieveStoryTest extends ScriptedDelivery {
  private static final String TO_U1 =
      "To: u1@demo.test\nMessage-ID: <1@b.example>\nSubject: private\n\nprivate\n";

  private final Logger logger = (Logger) LoggerFactory.getLogger("hikyaku");
  private final @Nullable Level before = logger.getLevel();
  private final ListAppender<ILoggingEvent> lines = new ListAppender<>();

  @BeforeEach
  void listen() {
    lines.start();
    logger.setLevel(Level.INFO);
    logger.addAppender(lines);
  }

  @AfterEach
  void stop() {
    logger.detachAppender(lines);
    logger.setLevel(before);
  }

  private void forAll(String name, String script) throws ScriptException {
    filter.put(ScriptBook.FOR_ALL, name, ByteString.copyFromUtf8(script));
  }

  private void own(String name, String script) throws ScriptException {
    filter.put(world.directory.named("u1").id(), name, ByteString.copyFromUtf8(script));
  }

  /** The deeds of scripts in the lines of one kind, which name the message. */
  private List<String> told(String kind) {
    List<String> told = new ArrayList<>();
    for (ILoggingEvent line : lines.list) {
      if (!line.getFormattedMessage().equals(kind)) {
        continue;
      }
      assertThat(line.getKeyValuePairs())
          .anyMatch(pair -> pair.key.equals("mail"))
          .anyMatch(pair -> pair.key.equals("message_id") && pair.value.equals("<1@b.example>"))
          .noneMatch(pair -> String.valueOf(pair.value).contains("private"));
      line.getKeyValuePairs().stream()
          .filter(pair -> pair.key.equals("scripts"))
          .forEach(pair -> ((List<?>) pair.value).forEach(each -> told.add(String.valueOf(each))));
    }
    return told;
  }

  private List<String> delivered(String... recipients) throws Exception {
    lines.list.clear();
    assertThat(send(List.of(recipients), TO_U1)).containsOnly("250 2.0.0");
    return told("message delivered");
  }

  @Test
  void whichScriptsRanAndWhatEachDid() throws Exception {
    forAll("first", "require \"imap4flags\"; addflag \"\\\\Seen\";");
    forAll("tests", "require [\"fileinto\", \"copy\"]; fileinto :copy \"Junk\";");
    forAll("last", "keep;");
    filter.scripts().choose(List.of("first"), List.of("last"));
    own("lists", "require [\"fileinto\", \"copy\"]; redirect :copy \"x@far.example\";");
    script("u1", "require \"include\"; include \"lists\"; include :global \"tests\";");
    assertThat(delivered("u1@demo.test"))
        .containsExactly(
            "u1@demo.test: ran first (for all), main, lists, tests (for all), last (for all)",
            "u1@demo.test: redirect x@far.example, by lists",
            "u1@demo.test: fileinto Junk, by tests (for all)",
            "u1@demo.test: keep, by last (for all)");
    // Without scripts there is nothing to tell, and of what nobody asked for neither.
    filter.scripts().choose(List.of(), List.of());
    assertThat(delivered("u2@demo.test")).isEmpty();
    script("u2", "if false { discard; }");
    assertThat(delivered("u2@demo.test")).containsExactly("u2@demo.test: ran main");
  }

  @Test
  void whoDiscardedIt() throws Exception {
    own("spam", "discard;");
    script("u1", "require \"include\"; include \"spam\";");
    assertThat(delivered("u1@demo.test"))
        .containsExactly("u1@demo.test: ran main, spam", "u1@demo.test: discard, by spam");
  }

  @Test
  void whoRefusedIt() throws Exception {
    own("strict", "require \"ereject\"; ereject \"not wanted\";");
    script("u1", "require \"include\"; include \"strict\";");
    assertThat(send(List.of("u1@demo.test"), TO_U1)).containsExactly("550 5.7.1");
    assertThat(told("message refused"))
        .containsExactly("u1@demo.test: ran main, strict", "u1@demo.test: ereject, by strict");
    // Where others take it, the sender has to be told; without one nobody is.
    sender = "";
    assertThat(delivered("info@demo.test"))
        .contains(
            "u1@demo.test: ereject, by strict",
            "u1@demo.test: telling the sender of the refusal, not done: there is nobody to whom it"
                + " can go");
  }

  @Test
  void whatFailedAndWhere() throws Exception {
    script("u1", "require [\"fileinto\", \"ihave\"];\nfileinto \"Work\";\nerror \"private\";");
    assertThat(delivered("u1@demo.test"))
        .containsExactly("u1@demo.test: ran main", "u1@demo.test: main failed in line 3");
    own("lists", "require \"fileinto\"; fileinto \"None\";");
    script("u1", "require \"include\"; include \"lists\";");
    assertThat(delivered("u1@demo.test"))
        .containsExactly("u1@demo.test: ran main, lists", "u1@demo.test: lists failed");
    assertThat(problem("u1").script()).isEqualTo("lists");
    forAll("bad", "require \"ihave\"; error \"private\";");
    filter.scripts().choose(List.of("bad"), List.of());
    assertThat(delivered("u1@demo.test"))
        .containsExactly(
            "u1@demo.test: ran bad (for all)", "u1@demo.test: bad (for all) failed in line 1");
  }

  @Test
  void answersThatAreNotSentAreTold() throws Exception {
    script("u1", "require \"vacation\"; vacation :subject \"private\" \"private\";");
    assertThat(delivered("u1@demo.test")).endsWith("u1@demo.test: vacation, by main");
    assertThat(delivered("u1@demo.test"))
        .endsWith("u1@demo.test: vacation, by main, not done: the sender was answered lately");
  }

  /** The scripts of whoever it is redirected to are told too. */
  @Test
  void scriptsOfOthersToWhomItIsRedirected() throws Exception {
    script("u1", "redirect \"u2@demo.test\";");
    script("u2", "require \"fileinto\"; fileinto \"INBOX\";");
    assertThat(delivered("u1@demo.test"))
        .containsExactly(
            "u1@demo.test: ran main",
            "u1@demo.test: redirect u2@demo.test, by main",
            "u2@demo.test: ran main",
            "u2@demo.test: fileinto INBOX, by main");
  }
}
