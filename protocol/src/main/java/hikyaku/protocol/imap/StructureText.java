package hikyaku.protocol.imap;

import hikyaku.protocol.address.EnvelopeAddress;
import hikyaku.protocol.mime.Envelope;
import hikyaku.protocol.mime.MimeParameter;
import hikyaku.protocol.mime.MimePart;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code envelope} and {@code body} (RFC 9051 §7.5.2, §9). */
final class StructureText {
  private final WireText text;
  private final boolean utf8;

  StructureText(WireText text, boolean utf8) {
    this.text = text;
    this.utf8 = utf8;
  }

  private StructureText nstring(@Nullable String octets) {
    text.nstring(octets, utf8);
    return this;
  }

  private StructureText sp() {
    text.raw(' ');
    return this;
  }

  void envelope(Envelope envelope) {
    text.raw('(');
    nstring(envelope.date()).sp().nstring(envelope.subject()).sp();
    addresses(envelope.from()).sp();
    addresses(envelope.sender()).sp();
    addresses(envelope.replyTo()).sp();
    addresses(envelope.to()).sp();
    addresses(envelope.cc()).sp();
    addresses(envelope.bcc()).sp();
    nstring(envelope.inReplyTo()).sp().nstring(envelope.messageId());
    text.raw(')');
  }

  private StructureText addresses(List<EnvelopeAddress> addresses) {
    if (addresses.isEmpty()) {
      text.raw("NIL");
      return this;
    }
    text.raw('(');
    for (EnvelopeAddress address : addresses) {
      text.raw('(');
      nstring(address.name()).sp().nstring(address.route()).sp();
      nstring(address.mailbox()).sp().nstring(address.host());
      text.raw(')');
    }
    text.raw(')');
    return this;
  }

  /**
   * @param extended whether extension data is told: BODYSTRUCTURE and not BODY
   */
  void body(MimePart part, boolean extended) {
    text.raw('(');
    if (part.isMultipart()) {
      part.children().forEach(child -> body(child, extended));
      sp().nstring(part.subtype());
      if (extended) {
        sp().parameters(part.parameters());
        commonExtension(part);
      }
    } else {
      single(part, extended);
      if (extended) {
        sp().nstring(part.md5());
        commonExtension(part);
      }
    }
    text.raw(')');
  }

  /** {@code body-type-1part} without its extension. */
  private void single(MimePart part, boolean extended) {
    nstring(part.type()).sp().nstring(part.subtype()).sp().parameters(part.parameters()).sp();
    nstring(part.contentId()).sp().nstring(part.description()).sp();
    nstring(told(part.encoding())).sp();
    text.number(part.bodySize());
    Envelope envelope = part.envelope();
    if (envelope != null) {
      sp().envelope(envelope);
      sp().body(part.children().getFirst(), extended);
      text.raw(' ').number(part.lines());
    } else if (part.isText()) {
      text.raw(' ').number(part.lines());
    }
  }

  /** RFC 3516 §6: a literal takes 8-bit content, and binary content is told as if it were that. */
  private static String told(String encoding) {
    return encoding.equals("binary") ? "8bit" : encoding;
  }

  private void commonExtension(MimePart part) {
    sp();
    if (part.disposition() == null) {
      text.raw("NIL");
    } else {
      text.raw('(');
      nstring(part.disposition()).sp().parameters(part.dispositionParameters());
      text.raw(')');
    }
    sp();
    if (part.languages().isEmpty()) {
      text.raw("NIL");
    } else {
      text.raw('(');
      String separator = "";
      for (String language : part.languages()) {
        text.raw(separator).string(language, utf8);
        separator = " ";
      }
      text.raw(')');
    }
    sp().nstring(part.location());
  }

  private StructureText parameters(List<MimeParameter> parameters) {
    if (parameters.isEmpty()) {
      text.raw("NIL");
      return this;
    }
    String separator = "(";
    for (MimeParameter parameter : parameters) {
      text.raw(separator).string(parameter.name(), utf8).raw(' ').string(parameter.value(), utf8);
      separator = " ";
    }
    text.raw(')');
    return this;
  }
}
