package hikyaku.app;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.server.ops.Json;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.node.ObjectNode;

final class JsonTextTest {
  /** What is searched for is escaped by the library. */
  @Test
  void textIsWrittenAsTheLibraryDoes() {
    Random random = new Random(1);
    for (int round = 0; round < 5000; round++) {
      StringBuilder text = new StringBuilder();
      for (int i = random.nextInt(20); i > 0; i--) {
        int c = random.nextInt(0x180);
        text.append((char) (c < 0x160 ? c : 0x2020 + c - 0x160));
      }
      ObjectNode expected = Json.MAPPER.createObjectNode();
      expected.put(text.toString(), text.toString());
      assertThat(new JsonText().begin('{').key(text.toString()).value(text.toString()).end('}'))
          .hasToString(expected.toString());
    }
  }

  @Test
  void whatIsInsideIsPartedByCommas() {
    JsonText text = new JsonText().begin('{').key("a").begin('[').end(']').key("b").begin('{');
    text.key("c").value(1).key("d").value(true).end('}').key("e").begin('[');
    List.of("x", "y").forEach(text::value);
    text.value(0.25).value(Double.NaN).end(']').end('}');
    assertThat(text)
        .hasToString("{\"a\":[],\"b\":{\"c\":1,\"d\":true},\"e\":[\"x\",\"y\",0.25,\"NaN\"]}");
  }
}
