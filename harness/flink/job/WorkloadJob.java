package statebench;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.api.common.accumulators.LongCounter;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.api.java.tuple.Tuple4;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.DataStreamUtils;
import org.apache.flink.streaming.api.datastream.KeyedStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.datastream.WindowedStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.streaming.api.functions.windowing.ProcessWindowFunction;
import org.apache.flink.streaming.api.windowing.assigners.EventTimeSessionWindows;
import org.apache.flink.streaming.api.windowing.assigners.SlidingEventTimeWindows;
import org.apache.flink.streaming.api.windowing.assigners.TumblingEventTimeWindows;
import org.apache.flink.streaming.api.windowing.assigners.WindowAssigner;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;

/**
 * A workload's stages as one job: keyBy → window → aggregate, once or more, over the events of a file. Every stage's rows go into a
 * digest, its late events are counted.
 *
 * <p>Arguments come as {@code --name value}. A stage is {@code keyPrefixBytes;window;aggregate;allowedLatenessMs}, where the window is
 * {@code tumbling:size:offset}, {@code sliding:size:slide:offset}, {@code session:gap} or {@code global}.
 */
public final class WorkloadJob {
  static final TypeInformation<double[]> NUMBERS = PrimitiveArrayTypeInfo.DOUBLE_PRIMITIVE_ARRAY_TYPE_INFO;
  static final TypeInformation<Tuple2<String, double[]>> EVENT = Types.TUPLE(Types.STRING, NUMBERS);
  static final TypeInformation<Tuple4<String, Long, Long, double[]>> ROW = Types.TUPLE(Types.STRING, Types.LONG, Types.LONG, NUMBERS);

  private WorkloadJob() {}

  public static void main(String[] given) throws Exception {
    Map<String, String> arguments = new HashMap<>();
    for (int i = 0; i + 1 < given.length; i += 2) arguments.put(given[i].substring(2), given[i + 1]);
    StreamExecutionEnvironment environment = StreamExecutionEnvironment.getExecutionEnvironment();
    String[] stages = arguments.get("stages").split("\\|");
    EventSource.Settings source =
        new EventSource.Settings(
            arguments.get("events-file"),
            arguments.get("progress"),
            Long.parseLong(arguments.get("events")),
            Integer.parseInt(arguments.get("width")),
            Integer.parseInt(arguments.get("key-bytes")),
            Integer.parseInt(stages[0].split(";")[0]),
            Long.parseLong(arguments.get("delay-ms")),
            Long.parseLong(arguments.get("every-events")),
            environment.getParallelism());
    boolean isChained = Boolean.parseBoolean(arguments.get("chained"));
    DataStream<Tuple2<String, double[]>> events =
        environment.fromSource(new EventSource(source), WatermarkStrategy.noWatermarks(), "source", EVENT).uid("source");
    for (int i = 0; i < stages.length; i++) events = stage(events, i + 1, stages[i].split(";"), isChained, i + 1 < stages.length ? stages[i + 1] : null);
    environment.execute(arguments.get("name"));
  }

  /** Adds a stage. @return its rows as the events of the next one; null after the last */
  private static DataStream<Tuple2<String, double[]>> stage(
      DataStream<Tuple2<String, double[]>> events, int number, String[] parts, boolean isChained, String next) {
    int prefix = Integer.parseInt(parts[0]);
    String aggregate = parts[2];
    KeyedStream<Tuple2<String, double[]>, String> keyed =
        isChained
            ? DataStreamUtils.reinterpretAsKeyedStream(events, event -> event.f0, Types.STRING)
            : events.keyBy(event -> event.f0, Types.STRING);
    String name = "stage-" + number;
    SingleOutputStreamOperator<Tuple4<String, Long, Long, double[]>> rows;
    if (parts[1].equals("global")) {
      rows = keyed.process(new EachEvent(aggregate), ROW);
    } else {
      OutputTag<Tuple2<String, double[]>> late = new OutputTag<>("late", EVENT);
      WindowedStream<Tuple2<String, double[]>, String, TimeWindow> windowed =
          keyed.window(assigner(parts[1].split(":"))).allowedLateness(Duration.ofMillis(Long.parseLong(parts[3]))).sideOutputLateData(late);
      rows =
          aggregate.equals("median") || aggregate.equals("exact-distinct")
              ? windowed.process(new FiredList(aggregate), ROW)
              : windowed.aggregate(Aggregation.named(aggregate), new Fired(), NUMBERS, NUMBERS, ROW);
      rows.getSideOutput(late).process(new LateCounter(number), Types.VOID).name("late-" + number).uid("late-" + number);
    }
    rows.name(name).uid(name);
    int keyWords = Math.max(1, (prefix + 3) / 4);
    rows.process(new RowDigest(number, keyWords), Types.VOID).name("digest-" + number).uid("digest-" + number);
    if (next == null) return null;
    int nextPrefix = Integer.parseInt(next.split(";")[0]);
    return rows.map(row -> Tuple2.of(row.f0.substring(0, nextPrefix), row.f3), EVENT).name("to-stage-" + (number + 1)).uid("to-stage-" + (number + 1));
  }

  private static WindowAssigner<Object, TimeWindow> assigner(String[] window) {
    switch (window[0]) {
      case "tumbling":
        return TumblingEventTimeWindows.of(ms(window[1]), ms(window[2]));
      case "sliding":
        return SlidingEventTimeWindows.of(ms(window[1]), ms(window[2]), ms(window[3]));
      case "session":
        return EventTimeSessionWindows.withGap(ms(window[1]));
      default:
        throw new IllegalArgumentException("no window is named " + window[0]);
    }
  }

  private static Duration ms(String text) {
    return Duration.ofMillis(Long.parseLong(text));
  }

  private static final class Fired extends ProcessWindowFunction<double[], Tuple4<String, Long, Long, double[]>, String, TimeWindow> {
    private static final long serialVersionUID = 1;

    @Override
    public void process(String key, Context context, Iterable<double[]> results, Collector<Tuple4<String, Long, Long, double[]>> out) {
      TimeWindow window = context.window();
      for (double[] numbers : results) out.collect(Tuple4.of(key, window.getStart(), window.getEnd(), numbers));
    }
  }

  /** All events of a window, kept in a list until it fires. */
  private static final class FiredList extends ProcessWindowFunction<Tuple2<String, double[]>, Tuple4<String, Long, Long, double[]>, String, TimeWindow> {
    private static final long serialVersionUID = 1;
    private final String aggregate;
    private transient double[] values;

    FiredList(String aggregate) {
      this.aggregate = aggregate;
    }

    @Override
    public void process(
        String key, Context context, Iterable<Tuple2<String, double[]>> events, Collector<Tuple4<String, Long, Long, double[]>> out) {
      int count = 0;
      if (values == null) values = new double[64];
      for (Tuple2<String, double[]> event : events) {
        if (count == values.length) values = java.util.Arrays.copyOf(values, 2 * count);
        values[count++] = event.f1[0];
      }
      TimeWindow window = context.window();
      double[] numbers = Aggregation.ofList(aggregate, java.util.Arrays.copyOf(values, count));
      out.collect(Tuple4.of(key, window.getStart(), window.getEnd(), numbers));
    }
  }

  /** A row for each event, of what came of its key so far. */
  private static final class EachEvent extends KeyedProcessFunction<String, Tuple2<String, double[]>, Tuple4<String, Long, Long, double[]>> {
    private static final long serialVersionUID = 1;
    private final Aggregation aggregation;
    private transient ValueState<double[]> state;

    EachEvent(String aggregate) {
      aggregation = Aggregation.named(aggregate);
    }

    @Override
    public void open(OpenContext context) {
      state = getRuntimeContext().getState(new ValueStateDescriptor<>("accumulator", NUMBERS));
    }

    @Override
    public void processElement(Tuple2<String, double[]> event, Context context, Collector<Tuple4<String, Long, Long, double[]>> out)
        throws Exception {
      double[] kept = state.value();
      kept = aggregation.add(event, kept == null ? aggregation.createAccumulator() : kept);
      state.update(kept);
      long time = context.timestamp();
      out.collect(Tuple4.of(event.f0, time, time + 1, aggregation.getResult(kept)));
    }
  }

  private static final class LateCounter extends ProcessFunction<Tuple2<String, double[]>, Void> {
    private static final long serialVersionUID = 1;
    private final int stage;
    private transient LongCounter late;

    LateCounter(int stage) {
      this.stage = stage;
    }

    @Override
    public void open(OpenContext context) {
      late = new LongCounter();
      getRuntimeContext().addAccumulator("late-" + stage, late);
    }

    @Override
    public void processElement(Tuple2<String, double[]> event, Context context, Collector<Void> out) {
      late.add(1);
    }
  }
}
