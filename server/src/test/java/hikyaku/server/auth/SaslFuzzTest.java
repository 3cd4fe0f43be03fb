package hikyaku.server.auth;

import static hikyaku.server.auth.AuthRig.utf8;
import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.server.auth.SaslExchange.Step;
import hikyaku.server.directory.Service;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Exchanges fed with nonsense and near-sense: they end, with a result, and never throw. */
class SaslFuzzTest {
  private static final long SEED = 20260101;
  private static final List<byte[]> CORPUS =
      List.of(
          utf8("\0alice\0pencil"),
          utf8("alice"),
          utf8("alice b913a602c7eda7a495b4e6e7334d3890"),
          utf8("n,,n=alice,r=rOprNGfwEbeRWgbNEkqO"),
          utf8("y,a=bob,n=al=2Cice,r=x,ext=1"),
          utf8("p=tls-exporter,,n=alice,r=abc"),
          utf8("c=biws,r=abcdef,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="),
          utf8("c=,r=,p="),
          new byte[0]);

  @Test
  void everyExchangeEnds() throws Exception {
    Random random = new Random(SEED);
    try (AuthRig rig = new AuthRig()) {
      rig.account("alice", "pencil");
      for (int i = 0; i < 1500; i++) {
        AuthContext context =
            AuthRig.tls(Service.IMAP, "2001:db8:" + Integer.toHexString(i) + "::1");
        List<String> mechanisms = rig.authenticator.mechanisms(context);
        String mechanism = mechanisms.get(random.nextInt(mechanisms.size()));
        run(rig.authenticator.start(context, mechanism).orElseThrow(), random, i);
      }
      assertThat(rig.logins("malformed")).isGreaterThan(400);
      assertThat(rig.logins("bad-credentials") + rig.logins("throttled")).isGreaterThan(20);
    }
  }

  private static void run(SaslExchange exchange, Random random, int round) {
    List<String> sent = new ArrayList<>();
    try (exchange) {
      Step step = exchange.begin(random.nextInt(4) == 0 ? null : noted(message(random, ""), sent));
      int steps = 0;
      String last = "";
      while (step instanceof Step.Challenge(byte[] octets)) {
        assertThat(++steps).isLessThan(5);
        last = new String(octets, java.nio.charset.StandardCharsets.US_ASCII);
        step = exchange.respond(noted(message(random, last), sent));
      }
      assertThat(((Step.Done) step).result()).isNotNull();
    } catch (RuntimeException | AssertionError thrown) {
      throw new AssertionError("seed " + SEED + " round " + round + " sent " + sent, thrown);
    }
  }

  private static byte[] noted(byte[] message, List<String> sent) {
    sent.add(new String(message, java.nio.charset.StandardCharsets.ISO_8859_1));
    return message;
  }

  private static byte[] message(Random random, String challenge) {
    if (challenge.startsWith("r=") && random.nextBoolean()) {
      String nonce = challenge.substring(2, challenge.indexOf(','));
      return mutated(
          utf8("c=biws,r=" + nonce + ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="),
          random,
          random.nextInt(2));
    }
    return mutated(CORPUS.get(random.nextInt(CORPUS.size())), random, random.nextInt(4));
  }

  private static byte[] mutated(byte[] from, Random random, int changes) {
    byte[] current = from.clone();
    for (int i = 0; i < changes; i++) {
      int at = random.nextInt(current.length + 1);
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      out.write(current, 0, at);
      int kind = random.nextInt(5);
      if (kind < 2) {
        out.write(
            random.nextBoolean() ? random.nextInt(256) : ",=\0 n\u007f".charAt(random.nextInt(6)));
      } else if (kind == 2) {
        byte[] other = CORPUS.get(random.nextInt(CORPUS.size()));
        out.write(other, 0, random.nextInt(other.length + 1));
      }
      int skip = kind == 3 ? random.nextInt(current.length - at + 1) : kind == 1 ? 1 : 0;
      int rest = Math.min(current.length, at + skip);
      out.write(current, rest, current.length - rest);
      current = out.toByteArray();
    }
    return current;
  }
}
