package hikyaku.systemtests;

import static hikyaku.systemtests.InternetSite.USER;
import static hikyaku.systemtests.InternetSite.account;
import static hikyaku.systemtests.InternetSite.arrived;
import static hikyaku.systemtests.InternetSite.await;
import static hikyaku.systemtests.InternetSite.directory;
import static hikyaku.systemtests.InternetSite.give;
import static hikyaku.systemtests.InternetSite.internet;
import static hikyaku.systemtests.InternetSite.node;
import static hikyaku.systemtests.InternetSite.received;
import static hikyaku.systemtests.InternetSite.unsealed;
import static hikyaku.systemtests.InternetSite.verified;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import hikyaku.systemtests.internet.Internet;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Mail of others that goes on to others: what these find of whom it is from. */
@Order(InternetSite.ORDER)
@ExtendWith({SharedNode.class, InternetSite.class})
class InternetForwardTest {
  /** Of a domain for which its own server alone may send, by SPF and DMARC. */
  private static final String AUTHOR = "box@exim.example";

  /** Of one that does not ask for so much. */
  private static final String FREE = "box@postfix.example";

  private static final String FORWARDER = "fred@hikyaku.example";
  private static final String MEMBER = "lena@hikyaku.example";
  private static final String LIST = "news@hikyaku.example";

  /** What is sent on has a sender here (SRS), and what comes back to it goes on to the author. */
  @Test
  void mailThatIsSentOnPassesSpfAndComesBackToItsAuthor() throws Exception {
    assertThatThrownBy(() -> give(Internet.CHECKING, AUTHOR, "not-theirs", "box@spf.example"))
        .hasMessageContaining("550");
    account(node(), FORWARDER);
    Path script = directory().resolve("forward.sieve");
    Files.writeString(script, "redirect \"box@spf.example\"; redirect \"away@postfix.example\";");
    node().command("", "sieve", "put", FORWARDER, "main", script.toString()).ok();
    node().command("", "sieve", "activate", FORWARDER, "main").ok();
    give(Internet.EXIM, AUTHOR, "onward", FORWARDER);
    String onward = arrived("spf.example", "onward");
    assertThat(onward)
        .containsPattern("^Return-Path: <SRS0=[^=]+=[^=]+=exim.example=box@hikyaku.example>\n")
        .contains("\nReceived-SPF: pass\n")
        .contains("\nFrom: " + AUTHOR + "\n");
    assertThat(verified(onward)).contains("signature ok");
    assertThat(unsealed(onward)).contains("cv=b'pass'").contains("success");
    // To a server that takes it, and does not get rid of it.
    assertThat(
            await(
                "report of Postfix to the author",
                () -> internet().box("exim.example"),
                message -> message.contains("Subject: onward\n") && message.contains("away@")))
        .contains("Reporting-MTA: dns; mx.postfix.example\n")
        .contains("Final-Recipient: rfc822; nobody@hikyaku.example\n")
        .contains("Received: from mail.hikyaku.example");
    assertThat(internet().box("spf.example"))
        .noneMatch(message -> message.contains("Subject: not-theirs\n"));
  }

  /** An alias that leads out does the same. */
  @Test
  void mailForAnAliasThatLeadsOutPassesSpf() throws Exception {
    node().command("", "alias", "set", "sales@hikyaku.example", "box@spf.example", USER).ok();
    give(Internet.EXIM, AUTHOR, "offer", "sales@hikyaku.example");
    received("offer");
    assertThat(arrived("spf.example", "offer"))
        .containsPattern("^Return-Path: <SRS0=[^=]+=[^=]+=exim.example=box@hikyaku.example>\n")
        .contains("\nReceived-SPF: pass\n");
  }

  @Test
  void membersOfAListGetWhatHoldsAndLeaveByOneClick() throws Exception {
    account(node(), MEMBER);
    node().command("", "list", "add", LIST, "--owner", USER, "--title", "The News").ok();
    node().command("", "list", "member", "add", LIST, MEMBER, AUTHOR, "box@spf.example", FREE).ok();
    give(Internet.EXIM, AUTHOR, "first-issue", LIST);
    String inside = received(MEMBER, "first-issue");
    String outside = arrived("spf.example", "first-issue");
    for (String each : List.of(inside, outside)) {
      assertThat(each)
          .contains("\nList-Id: \"The News\"\n <news.hikyaku.example>\n")
          .contains("\nList-Post: <mailto:" + LIST + ">")
          .contains("\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\n")
          // Exim signs that there are no such fields, and its domain lets nobody else write for it.
          .contains("\nFrom: \"box via The News\"\n <" + LIST + ">\nReply-To: " + AUTHOR + "\n");
    }
    assertThat(outside)
        .containsPattern("^Return-Path: <news-bounces[^>]*@hikyaku.example>\n")
        .contains("\nReceived-SPF: pass\n");
    assertThat(verified(outside)).contains("signature ok");
    assertThat(unsealed(outside)).contains("cv=b'pass'").contains("success");
    // RFC 8058 §4: else nobody would believe the link.
    assertThat(signedFields(outside)).contains("list-unsubscribe", "list-unsubscribe-post");
    assertThat(
            await(
                "the author's copy",
                () -> internet().box("exim.example"),
                message ->
                    message.contains("\nSubject: first-issue\n") && message.contains("List-Id:")))
        .containsPattern("dkim=pass header.d=hikyaku.example header.s=.* header.a=rsa-sha256")
        .containsPattern("dkim=pass header.d=hikyaku.example header.s=.* header.a=ed25519-sha256");
    Matcher link =
        Pattern.compile("List-Unsubscribe:[^<]*<(https:[^>]*)>")
            .matcher(outside.replace("\n ", " ").replace("\n\t", " "));
    assertThat(link.find()).as(outside).isTrue();
    // Whoever only looks does not leave.
    fetch(link.group(1));
    assertThat(members()).contains("box@spf.example");
    fetch(link.group(1), "--data", "List-Unsubscribe=One-Click");
    assertThat(members()).doesNotContain("box@spf.example").contains(AUTHOR).contains(MEMBER);
    give(Internet.POSTFIX, FREE, "second-issue", LIST);
    assertThat(received(MEMBER, "second-issue")).contains("\nFrom: " + FREE + "\n");
    await(
        "the author's second copy",
        () -> internet().box("exim.example"),
        message -> message.contains("\nSubject: second-issue\n") && message.contains("List-Id:"));
    assertThat(node().command("", "queue", "list", "--domain", "spf.example").ok().output())
        .doesNotContain("box@spf.example");
    assertThat(internet().box("spf.example"))
        .noneMatch(message -> message.contains("Subject: second-issue\n"));
  }

  private static void fetch(String address, String... more) throws Exception {
    List<String> line =
        new ArrayList<>(
            List.of(
                "curl",
                "--silent",
                "--show-error",
                "--fail",
                "--cacert",
                internet().authority().toString()));
    line.addAll(List.of(more));
    line.add(address);
    internet().users().run(line);
  }

  private static String members() throws Exception {
    return node().command("", "list", "member", "list", LIST).ok().output();
  }

  /** Those that the list's domain has signed, in lower case. */
  private static List<String> signedFields(String message) {
    return Pattern.compile("(?m)^DKIM-Signature:(.*(?:\n[ \t].*)*)")
        .matcher(message)
        .results()
        .map(found -> found.group(1).replaceAll("\\s", "").toLowerCase(Locale.ROOT))
        .filter(each -> each.contains("d=hikyaku.example;"))
        .map(each -> each.replaceAll(".*;h=([^;]*).*", "$1"))
        .flatMap(each -> List.of(each.split(":")).stream())
        .toList();
  }
}
