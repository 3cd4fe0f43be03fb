package hikyaku.protocol.sieve;

import static hikyaku.protocol.sieve.Runs.run;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What scripts take of headers that are as large as they may be. Whoever sends a message says how
 * many fields it has, and whoever has a script how often they are looked through: the work of one
 * run must not be the product of the two.
 */
class HeaderCostTest {
  private static final int FIELDS = 50_000;
  private static final String TOO_MUCH = "line 1: the script compares more than it may";

  private static String message(String name) {
    return (name + ":\n").repeat(FIELDS) + "Subject: s\n\nhi\n";
  }

  private static String names(int count) {
    return "[\"x\"" + ", \"x\"".repeat(count - 1) + "]";
  }

  @Test
  void lookingThroughManyFieldsIsPaidFor() {
    assertThat(run("if exists " + names(100) + " { discard; }", message("x"))).isEqualTo("discard");
    assertThat(run("if exists " + names(1_000) + " { discard; }", message("x")))
        .isEqualTo(TOO_MUCH);
    assertThat(run("if header :is " + names(1_000) + " \"y\" { discard; }", message("y")))
        .isEqualTo(TOO_MUCH);
    String mime = "require \"mime\"; if exists :mime :anychild " + names(1_000) + " { discard; }";
    assertThat(run(mime, message("x"))).isEqualTo(TOO_MUCH);
  }

  /** Long fields are read each time, whatever they turn out to say. */
  @Test
  void readingLongFieldsIsPaidFor() {
    String message = "x: " + "=?utf-8?q?_?= ".repeat(14_000) + "\n\nhi\n";
    assertThat(run("if header :is " + names(100) + " \"y\" { discard; }", message))
        .isEqualTo("implicit keep");
    assertThat(run("if header :is " + names(1_000) + " \"y\" { discard; }", message))
        .isEqualTo(TOO_MUCH);
  }

  @Test
  void whatIsLookedThroughForNotificationsIsPaidFor() {
    String notify = "notify \"mailto:a@example.org\"; ".repeat(300);
    assertThat(run("require \"enotify\"; " + notify, message("x"))).isEqualTo(TOO_MUCH);
  }

  @Test
  @Timeout(10)
  void manyFieldsAreTakenAwayAtOnce() {
    String script = "require \"editheader\"; deleteheader \"x\";";
    assertThat(Runs.last(script, message("x")).orElseThrow()).isEqualTo("Subject: s\r\n\r\nhi\r\n");
  }

  /** RFC 5230 §4.5: a script may name very many addresses, and a message too. */
  @Test
  @Timeout(10)
  void whomAMessageNamesIsFoundAmongManyAddresses() {
    String own = "[\"own@example.org\"" + ", \"u@b.c\"".repeat(14_000) + "]";
    String script = "require \"vacation\"; vacation :addresses " + own + " \"gone\";";
    String others = ("Cc: " + "a@example.net, ".repeat(2_800) + "b@example.net\n").repeat(5);
    assertThat(run(script, others + "\nhi\n")).isEqualTo("implicit keep");
    assertThat(run(script, others + "Cc: Own@example.org\n\nhi\n")).startsWith("vacation ");
  }

  @Test
  @Timeout(10)
  void aFieldOfBlanksIsAddedOrNotInNoTime() {
    String blanks = " ".repeat(200_000);
    assertThat(run("require \"editheader\"; addheader \"x\" \"a" + blanks + "b\";", "\n"))
        .isEqualTo("line 1: this can be no field of a header");
    String lines = "require \"editheader\"; addheader \"x\" \"a \t\r\n \r\n" + blanks + "b \r\n\";";
    assertThat(Runs.last(lines, "Subject: s\n\nhi\n").orElseThrow())
        .isEqualTo("x: a  b\r\nSubject: s\r\n\r\nhi\r\n");
  }
}
